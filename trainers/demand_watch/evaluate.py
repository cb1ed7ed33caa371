"""False alarms and power of an exported demand watch on window files."""

from __future__ import annotations

from collections.abc import Sequence

from trainers import command_line
from trainers.demand_watch.metrics import watch_metrics, watch_sums
from trainers.scoring import score
from transforms.features import FeatureSpace


def evaluate(directory: str, files: Sequence[str], space: FeatureSpace) -> dict[str, float]:
    """Metrics by name, see trainers.demand_watch.metrics.

    Args:
        directory: a SavedModel of the demand watch.
        files: TFRecord files of raw windows with labels.
        space: the windows' features.

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.labels())
    return watch_metrics(watch_sums(windows, outputs))


if __name__ == "__main__":
    command_line.evaluate_main(__doc__ or "", evaluate)
