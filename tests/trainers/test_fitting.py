"""The training loop on windows that are kept in memory, and on those that are kept in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from tests.transforms.made_up import SPACE
from trainers.dataset import more_than
from trainers.fitting import FitResult, fit, make_reproducible
from trainers.options import TrainingOptions
from trainers.task import Task

SPEC = {"history_units": tf.io.FixedLenFeature([SPACE.history], tf.float32)}


class SquaredError(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Of each window, [N]."""

    def call(self, labels: Any, output: Any) -> Any:
        return tf.reduce_mean(tf.square(output - labels), axis=1)


def select(parsed: Any) -> Any:
    units = parsed["history_units"]
    return units[:, :-1], units[:, -1:], tf.ones(tf.shape(units)[0])


def trained(
    files: Path, transform: tft.TFTransformOutput, out: Path, cached_windows: int
) -> tuple[FitResult, list[Any], list[str]]:
    """How it went, the weights, and what lay beside the model in the middle of it."""
    patterns = [str(files / f"Split-{split}" / "windows.gz") for split in ("train", "eval")]
    task = Task(patterns[:1], patterns[1:], transform, SPACE, str(out / "model"))
    options = TrainingOptions(
        epochs=3, batch_size=16, learning_rate=0.01, cached_windows=cached_windows, final_passes=2
    )
    make_reproducible(options.seed)
    model = keras.Sequential([keras.Input((SPACE.history - 1,)), keras.layers.Dense(1)])
    beside: list[str] = []

    def look(_: keras.Model) -> None:
        beside.extend(path.name for folder in out.glob(".windows-*") for path in folder.iterdir())

    result = fit(model, SquaredError(), task, SPEC, select, options, settled=look)
    return result, model.get_weights(), beside


def test_many_windows_train_the_same_model_from_files_that_are_gone_afterwards(
    files: Path, transform: tft.TFTransformOutput, tmp_path: Path
) -> None:
    for name in ("memory", "files"):
        (tmp_path / name).mkdir()
    result, weights, beside = trained(files, transform, tmp_path / "memory", 500_000)
    assert beside == []
    from_files, its_weights, beside = trained(files, transform, tmp_path / "files", 10)
    assert {name.partition(".")[0] for name in beside} == {"train", "evaluation"}
    assert from_files == result
    for mine, other in zip(weights, its_weights, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize(("count", "more"), [(0, True), (39, True), (40, False), (1_000_000, False)])
def test_windows_are_counted_no_further_than_needed(files: Path, count: int, more: bool) -> None:
    assert more_than(count, [str(files / "Split-eval" / "windows.gz")]) == more
