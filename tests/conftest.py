"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import settings

from store.connections import Connections, connect
from store.server import EmbeddedServer
from tests.pipeline.lived_in import LivedIn, live

# How long an example takes says what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """A real PostgreSQL with our tables, for the whole session."""
    with EmbeddedServer(tmp_path_factory.mktemp("store")).serving() as connections:
        yield connections


@pytest.fixture
def writer(store: Connections) -> Iterator[psycopg.Connection]:
    """A writer whose changes are taken back after the test."""
    with connect(store.writer) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> LivedIn:
    """Two runs, two plans and what came after: read it, and change nothing."""
    return live(tmp_path_factory.mktemp("lived-in"))
