"""The distribution of coming demand, and how likely no sale is, of an exported demand watch for window files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trainers import command_line
from trainers.demand_watch.outputs import calibration_of
from trainers.scoring import keys, score
from transforms.features import FeatureSpace


def predict(directory: str, files: Sequence[str], space: FeatureSpace) -> pd.DataFrame:
    """One row for each window and future period.

    Args:
        directory: a SavedModel of the demand watch.
        files: TFRecord files of raw windows; labels are not needed.
        space: the windows' features.

    Returns:
        store_id, product_id, as_of (date of the origin), date, step (1 .. H), mean (units), size and zero (see
        ``inventory.detection.distribution.Demand``), and silent, the probability of no demand.

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.static())
    count, horizon = outputs["mean"].shape
    table = keys(windows).loc[np.repeat(np.arange(count), horizon)].reset_index(drop=True)
    steps = np.tile(np.arange(1, horizon + 1), count)
    days = np.repeat(windows["origin"][:, 0], horizon) + steps * space.period_days
    table["date"] = pd.to_datetime(days, unit="D").date
    table["step"] = steps
    for name in ("mean", "size", "zero", "silent"):
        table[name] = outputs[name].reshape(-1)
    table["mean"] *= calibration_of(outputs).step
    return table


if __name__ == "__main__":
    command_line.predict_main(__doc__ or "", predict)
