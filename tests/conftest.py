"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# Most tests need neither a database nor a pipeline, whose imports take longer than they do.
if TYPE_CHECKING:
    import psycopg

    from store.connections import Connections
    from tests.pipeline.lived_in import LivedIn
    from tests.serving.objects.s3 import S3

# How long an example takes says what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=2000)
settings.load_profile("untimed")

_HERE = Path(__file__).parent
STARTED = {
    _HERE / "deploy" / "live": "--live",
    _HERE / "deploy" / "registry": "--registry",
    _HERE / "notebooks" / "executed": "--notebook",
    _HERE / "deploy" / "container": "--container",
    _HERE / "deploy" / "cluster": "--cluster",
    _HERE / "deploy" / "flink": "--flink",
    _HERE / "deploy" / "gitlab" / "local": "--gitlab",
    _HERE / "deploy" / "ansible" / "machines": "--machines",
}
"""Folder by folder of tests that start real programs, the option that asks for them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live",
        action="store_true",
        help="also tests that start Prometheus and the like (make test-observability)",
    )
    parser.addoption(
        "--registry", action="store_true", help="also tests that start MLflow (make test-registry)"
    )
    parser.addoption(
        "--notebook", action="store_true", help="also those that execute the notebook (make test-notebook)"
    )
    parser.addoption(
        "--container", action="store_true", help="also tests that build and run images (make test-deploy)"
    )
    parser.addoption(
        "--cluster", action="store_true", help="also tests that start Kubernetes (make test-deploy)"
    )
    parser.addoption(
        "--flink", action="store_true", help="also tests that start a Flink cluster (make test-flink)"
    )
    parser.addoption(
        "--gitlab",
        action="store_true",
        help="also tests that run jobs of GitLab's pipeline (make test-gitlab)",
    )
    parser.addoption("--nightly", action="store_true", help="also those marked nightly (make test-nightly)")
    parser.addoption(
        "--machines", action="store_true", help="also tests that boot machines for Ansible (make test-deploy)"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    option = STARTED.get(collection_path)
    return True if option is not None and not config.getoption(option) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--nightly"):
        return
    later = [item for item in items if item.get_closest_marker("nightly")]
    items[:] = [item for item in items if item not in later]
    config.hook.pytest_deselected(items=later)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """A real PostgreSQL with our tables, for the whole session."""
    from store.server import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("store")).serving() as connections:
        yield connections


@pytest.fixture
def writer(store: Connections) -> Iterator[psycopg.Connection]:
    """A writer whose changes are taken back after the test."""
    from store.connections import connect

    with connect(store.writer) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> LivedIn:
    """Two runs, two plans and what came after: read it, and change nothing."""
    from tests.pipeline.lived_in import live

    return live(tmp_path_factory.mktemp("lived-in"))


@pytest.fixture(scope="session")
def _s3_process() -> Iterator[S3]:
    from tests.serving.objects import s3

    if not s3.PYTHON.exists():
        pytest.skip(s3.REASON)
    made = s3.S3("--ask-for-keys")
    yield made
    made.kill()


@pytest.fixture
def s3(_s3_process: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """A real S3-compatible server, and its keys where the library looks for them."""
    for name, value in _s3_process.keys.items():
        monkeypatch.setenv(name, value)
    return _s3_process
