"""A pushed pair from a real run, what asks it, and an object store of each test's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from contracts.arrays import Arrays
from contracts.models import MODELS
from pipeline.workspace import Workspace
from serving.acceptance import read_acceptance
from serving.directory.layout import model_folder, stable_version
from serving.directory.loading import LoadedPair, load_pair
from serving.examples import tensors_of
from serving.objects.store import ObjectStore
from serving.service.app import build_app
from serving.service.holder import Holder
from tests.pipeline.lived_in import LivedIn
from tests.serving.objects.s3 import S3


@pytest.fixture(scope="session")
def pushed(lived_in: LivedIn) -> Path:
    """The serving directory of a workspace with two pairs: read it, and change nothing."""
    return Workspace(lived_in.small.workspace).serving


@pytest.fixture
def root(pushed: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return Path(shutil.copytree(pushed, tmp_path / "serving", symlinks=True))


@pytest.fixture(scope="session")
def pair(pushed: Path) -> LoadedPair:
    return load_pair(pushed, stable_version(pushed))


@pytest.fixture(scope="session")
def examples(pushed: Path) -> list[bytes]:
    """Serialized windows, the last two for an unseen product and without optional features."""
    return read_acceptance(str(model_folder(pushed, stable_version(pushed), MODELS[0])))[0]


@pytest.fixture
def window(pair: LoadedPair, examples: list[bytes]) -> Arrays:
    """The raw features of the first of them, each [1, size]."""
    features = pair.models[MODELS[0]].space.model_inputs()
    return {name: tensor.numpy() for name, tensor in tensors_of(examples[:1], features).items()}


@pytest.fixture(scope="session")
def instances(pair: LoadedPair, examples: list[bytes]) -> list[dict[str, list[Any]]]:
    """The same windows row by row, as JSON has them."""
    features = pair.models[MODELS[0]].space.model_inputs()
    arrays = {name: tensor.numpy() for name, tensor in tensors_of(examples, features).items()}
    return [{name: plain(values[i]) for name, values in arrays.items()} for i in range(len(examples))]


def plain(values: NDArray[Any]) -> list[Any]:
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]


@pytest.fixture(scope="session")
def client(pushed: Path) -> Iterator[TestClient]:
    with TestClient(build_app(Holder(pushed)), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def remembered_models() -> Iterator[None]:
    """For tests that nearly all load the same pair anew, for seconds."""
    import tensorflow as tf

    from tests.pipeline import shortcuts

    load = tf.saved_model.load
    shortcuts.remember_models()
    yield
    tf.saved_model.load = load


@pytest.fixture
def server(s3: S3) -> Iterator[S3]:
    """The server that all share, which does not fail any more once the test is over."""
    yield s3
    s3.fail(0, "none")


@pytest.fixture
def store(server: S3) -> ObjectStore:
    return server.store()
