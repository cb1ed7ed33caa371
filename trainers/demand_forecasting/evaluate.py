"""Accuracy of an exported demand model on window files, beside its baselines."""

from __future__ import annotations

from collections.abc import Sequence

from trainers import command_line
from trainers.demand_forecasting.metrics import accuracy, accuracy_sums
from trainers.scoring import score
from transforms.features import FeatureSpace


def evaluate(directory: str, files: Sequence[str], space: FeatureSpace) -> dict[str, float]:
    """Metrics by name, see trainers.demand_forecasting.metrics.

    Args:
        directory: a SavedModel of the demand model.
        files: TFRecord files of raw windows with labels and baselines.
        space: the windows' features.

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.labels() + space.evaluation())
    # float32 turns 0.05 into 0.05000000074505806, and the metrics are named by level.
    levels = [float(f"{level:g}") for level in outputs["levels"][0]]
    return accuracy(accuracy_sums(windows, outputs["quantiles"], levels), levels)


if __name__ == "__main__":
    command_line.evaluate_main(__doc__ or "", evaluate)
