"""A store of each test's own, on a server that all share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving.objects.store import ObjectStore
from tests.serving.objects.s3 import S3


@pytest.fixture
def server(s3: S3) -> Iterator[S3]:
    """The server, which does not fail any more once the test is over."""
    yield s3
    s3.fail(0, "none")


@pytest.fixture
def store(server: S3) -> ObjectStore:
    return server.store()
