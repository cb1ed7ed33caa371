"""Cost of an exported replenishment model's orders on window files, beside base stock's."""

from __future__ import annotations

from collections.abc import Sequence

from trainers import command_line
from trainers.replenishment_optimization.metrics import cost_sums, costs
from trainers.scoring import score
from transforms.features import FeatureSpace


def evaluate(directory: str, files: Sequence[str], space: FeatureSpace) -> dict[str, float]:
    """Metrics by name, see trainers.replenishment_optimization.metrics.

    Args:
        directory: a SavedModel of the replenishment model.
        files: TFRecord files of raw windows with labels and baselines.
        space: the windows' features.

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.static() + space.labels() + space.evaluation())
    return costs(cost_sums(windows, outputs))


if __name__ == "__main__":
    command_line.evaluate_main(__doc__ or "", evaluate)
