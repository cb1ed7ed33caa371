"""What was lost between a trainer and a server is found, in a process that knows only the files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from components.serving_validator.validating import ask_in_a_fresh_process, judged
from contracts.models import MODELS
from pipeline.workspace import Workspace
from serving.acceptance import read_acceptance, write_acceptance
from serving.directory.layout import model_folder, stable_version
from serving.directory.pushing import read_card
from serving.options import ServingOptions
from tests.pipeline.lived_in import LivedIn
from transforms.features import FeatureSpace

pytestmark = pytest.mark.slow
DEMAND, REPLENISHMENT = MODELS


@pytest.fixture(scope="module")
def folders(lived_in: LivedIn, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Copies of a pushed pair's models, and damaged ones beside them, all asked in one process."""
    root = Workspace(lived_in.small.workspace).serving
    place = tmp_path_factory.mktemp("models")
    made = {}
    for name, model in (
        ("whole", DEMAND), ("whole order", REPLENISHMENT), ("other answers", DEMAND), ("no variables", DEMAND),
        ("no vocabulary", DEMAND), ("an output less", DEMAND), ("other vocabulary", DEMAND),
    ):  # fmt: skip
        made[name] = Path(shutil.copytree(model_folder(root, stable_version(root), model), place / name))
    requests, answers = read_acceptance(str(made["other answers"]))
    answers["demand"] = answers["demand"] * np.float32(1.001)
    write_acceptance(str(made["other answers"]), requests, answers)
    requests, answers = read_acceptance(str(made["an output less"]))
    write_acceptance(str(made["an output less"]), requests, {**answers, "mean": answers["demand"]})
    shutil.rmtree(made["no variables"] / "variables")
    for name in ("no vocabulary", "other vocabulary"):
        (vocabulary,) = (path for path in (made[name] / "assets").iterdir() if "tokens" in path.name)
        lines = vocabulary.read_text().splitlines()
        vocabulary.unlink()
        if name == "other vocabulary":
            vocabulary.write_text("\n".join(reversed(lines)) + "\n")
    return made


@pytest.fixture(scope="module")
def found(folders: dict[str, Path]) -> dict[str, dict[str, float | str]]:
    space = FeatureSpace.from_json(json.dumps(read_card(folders["whole"])["feature_space"]))
    return ask_in_a_fresh_process({name: str(folder) for name, folder in folders.items()}, space)


def _stopped(found: dict[str, dict[str, float | str]], name: str, **options: float) -> dict[str, str]:
    checks = judged({name: found[name]}, ServingOptions(**options))
    return {check.check: check.reason for check in checks if check.verdict == "stop"}


def test_a_whole_model_passes(found: dict[str, dict[str, float | str]]) -> None:
    for name in ("whole", "whole order"):
        assert len(found[name]) == 8 and len(judged({name: found[name]}, ServingOptions())) == 3
        assert _stopped(found, name) == {}


def test_other_answers_than_the_trainers_are_refused(found: dict[str, dict[str, float | str]]) -> None:
    assert list(_stopped(found, "other answers")) == ["difference from the trainer's answers"]
    assert _stopped(found, "other answers", tolerance=0.01) == {}
    assert list(_stopped(found, "other vocabulary")) == ["difference from the trainer's answers"]
    assert list(_stopped(found, "an output less")) == ["difference from the trainer's answers"]


@pytest.mark.parametrize("name", ["no variables", "no vocabulary"])
def test_a_model_that_does_not_load_is_refused(found: dict[str, dict[str, float | str]], name: str) -> None:
    (stop,) = _stopped(found, name).items()
    assert stop[0] == "loads and answers in a fresh process" and len(stop[1]) > 20 and "\n" not in stop[1]


def test_a_slow_model_is_refused(found: dict[str, dict[str, float | str]]) -> None:
    slow = _stopped(found, "whole", latency_one=1e-6, latency_many=1e-6)
    assert list(slow) == ["milliseconds to answer 1 row", "milliseconds to answer 512 rows"]
    assert "with signature" in slow["milliseconds to answer 1 row"]
