"""The lived-in workspace's store as Grafana sees it: as the role that may only read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import psycopg
import pytest

from store.connections import Connections
from store.opening import opened
from tests.pipeline.lived_in import LivedIn


@pytest.fixture(scope="session")
def served(lived_in: LivedIn) -> Iterator[Connections]:
    with opened(lived_in.store) as connections:
        yield connections


@pytest.fixture(scope="session")
def reader(served: Connections) -> Iterator[psycopg.Connection]:
    # Not by our own connect(): Grafana's connections do not name our schema.
    with psycopg.connect(served.reader or "", autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def between(lived_in: LivedIn) -> tuple[datetime, datetime]:
    """From well before the first plan until after the runs, which are of today."""
    first = datetime.combine(lived_in.first, datetime.min.time(), timezone.utc)
    return first - timedelta(days=60), datetime.now(timezone.utc) + timedelta(days=1)
