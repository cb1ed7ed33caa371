"""The metrics of a forecast against what was sold, the same code for our forecasts and for the peers'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

KEYS = ["store_id", "product_id", "date"]
PREFIX = "quantile_"


def sums(actual: pd.DataFrame, forecast: pd.DataFrame) -> Counter[str]:
    """Sums that add up over tests.

    Args:
        actual: a row a series and day: KEYS, ``units`` sold and ``stocked``, the share of the day with stock.
        forecast: KEYS, ``demand`` in units, and ``quantile_<level>`` where the method has quantiles.

    Raises:
        ValueError: a day has no forecast, or more than one.
    """
    both = actual.merge(forecast, on=KEYS, how="left", validate="one_to_one")
    if both["demand"].isna().any():
        raise ValueError(f"{int(both['demand'].isna().sum())} day(s) have no forecast")
    found: Counter[str] = Counter()
    for suffix, rows in (("", both[both["stocked"] >= 1.0]), ("_all", both)):
        error = rows["demand"] - rows["units"]
        found["units" + suffix] = rows["units"].sum()
        found["absolute" + suffix] = error.abs().sum()
        found["signed" + suffix] = error.sum()
    stocked = both[both["stocked"] >= 1.0]
    found["days"] = len(stocked)
    for column in (name for name in forecast.columns if name.startswith(PREFIX)):
        level = float(column.removeprefix(PREFIX))
        error = stocked["units"] - stocked[column]
        found["pinball " + column] = np.maximum(level * error, (level - 1) * error).sum()
        found["covered " + column] = (error <= 0).sum()
    return found


def metrics(found: Mapping[str, float]) -> dict[str, float]:
    """wape, bias, wape_all, bias_all, and with quantiles ``pinball`` and ``coverage_gap``, the worst quantile's.

    Ratios are fractions, (forecast - actual) / actual; pinball is in units a day, the mean over the levels.
    """
    result = {}
    for suffix in ("", "_all"):
        result["wape" + suffix] = float(found["absolute" + suffix] / found["units" + suffix])
        result["bias" + suffix] = float(found["signed" + suffix] / found["units" + suffix])
    pinball = [value for name, value in found.items() if name.startswith("pinball ")]
    if pinball:
        result["pinball"] = float(np.mean(pinball) / found["days"])
        gaps = {
            name: value / found["days"] - float(name.removeprefix("covered " + PREFIX))
            for name, value in found.items()
            if name.startswith("covered ")
        }
        result["coverage_gap"] = float(max(gaps.values(), key=abs))
    return result
