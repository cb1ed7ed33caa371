from __future__ import annotations

import pytest
import tensorflow_transform as tft

from tests.transforms import made_up
from trainers.transform_graph import TransformGraph


@pytest.fixture(scope="session")
def raw() -> made_up.Windows:
    return made_up.windows()


@pytest.fixture(scope="session")
def transform(tmp_path_factory: pytest.TempPathFactory, raw: made_up.Windows) -> tft.TFTransformOutput:
    """The transform graph analysed on raw."""
    return made_up.transform_graph(str(tmp_path_factory.mktemp("transform")), raw)


@pytest.fixture(scope="session")
def transformed(transform: tft.TFTransformOutput, raw: made_up.Windows) -> made_up.Windows:
    """Every transformed feature of raw, as arrays."""
    return {k: v.numpy() for k, v in TransformGraph(transform)(made_up.tensors(raw)).items()}
