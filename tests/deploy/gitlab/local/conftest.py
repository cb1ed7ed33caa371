"""A clone for all tests, and one that is as it was after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.gitlab.local.runner import Runner


@pytest.fixture(scope="package")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("gitlab"))


@pytest.fixture
def planted(runner: Runner) -> Iterator[Runner]:
    """The same, for faults in its clone, which are taken back."""
    yield runner
    runner.git("reset", "-q", "--hard")
