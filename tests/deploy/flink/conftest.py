"""One cluster for all tests, and a small retailer in the folder that its machines share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.flink.cluster import Flink, cluster, missing


@pytest.fixture(scope="session")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flink]:
    if reason := missing():
        pytest.skip(reason)
    with cluster(tmp_path_factory.mktemp("flink")) as made:
        yield made
