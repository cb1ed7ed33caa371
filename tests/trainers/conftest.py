from __future__ import annotations

from pathlib import Path

import pytest

from tests.transforms import made_up
from tests.transforms.conftest import raw, transform, transformed  # noqa: F401 - fixtures are found by name
from trainers.options import DemandOptions, ReplenishmentOptions

SMALL = {"epochs": 2, "batch_size": 32, "units": 8, "embedding": 2, "learning_rate": 0.01}


@pytest.fixture(scope="session")
def small_demand() -> DemandOptions:
    return DemandOptions(**SMALL)


@pytest.fixture(scope="session")
def small_replenishment() -> ReplenishmentOptions:
    return ReplenishmentOptions(**SMALL)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, raw: made_up.Windows) -> Path:  # noqa: F811 - the fixture
    """Train and eval files of raw windows."""
    folder = tmp_path_factory.mktemp("windows")
    made_up.write(raw, str(folder / "Split-train" / "windows.gz"))
    made_up.write(made_up.windows(40, seed=1), str(folder / "Split-eval" / "windows.gz"))
    (folder / "feature_space.json").write_text(made_up.SPACE.to_json())
    return folder
