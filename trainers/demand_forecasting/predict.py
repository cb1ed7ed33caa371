"""Forecasts of an exported demand model for window files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from contracts.columns import quantile_column
from trainers import command_line
from trainers.scoring import keys, score
from transforms.features import FeatureSpace


def predict(directory: str, files: Sequence[str], space: FeatureSpace) -> pd.DataFrame:
    """One row for each window and future period.

    Args:
        directory: a SavedModel of the demand model.
        files: TFRecord files of raw windows; labels are not needed.
        space: the windows' features.

    Returns:
        store_id, product_id, as_of (date of the origin), date, step (1 .. H), demand (median, units) and one
        column a quantile level, such as ``quantile_0.9``.

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.static())
    quantiles = outputs["quantiles"]
    count, horizon, _ = quantiles.shape
    table = keys(windows).loc[np.repeat(np.arange(count), horizon)].reset_index(drop=True)
    steps = np.tile(np.arange(1, horizon + 1), count)
    days = np.repeat(windows["origin"][:, 0], horizon) + steps * space.period_days
    table["date"] = pd.to_datetime(days, unit="D").date
    table["step"] = steps
    table["demand"] = outputs["demand"].reshape(-1)
    for index, level in enumerate(outputs["levels"][0]):
        table[quantile_column(level)] = quantiles[:, :, index].reshape(-1)
    return table


if __name__ == "__main__":
    command_line.predict_main(__doc__ or "", predict)
