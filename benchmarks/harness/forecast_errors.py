"""The metrics of a forecast against what was sold, the same code for our forecasts and for the peers'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from components.policy_comparison.calibration import coverage_bounds

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
    columns = [name for name in forecast.columns if name.startswith(PREFIX)]
    for column in columns:
        level = float(column.removeprefix(PREFIX))
        error = stocked["units"] - stocked[column]
        found["pinball " + column] = np.maximum(level * error, (level - 1) * error).sum()
    for column, (below, at_most) in zip(columns, _covered(stocked, columns), strict=True):
        found["below " + column], found["at most " + column] = below, at_most
    return found


def _covered(stocked: pd.DataFrame, columns: list[str]) -> list[tuple[int, int]]:
    """Days of demand below each quantile, and below or at it; what is sold in whole units has whole quantiles."""
    if not columns or stocked.empty:
        return [(0, 0)] * len(columns)
    series = stocked.groupby(KEYS[:2])
    row, day = series.ngroup().to_numpy(), series.cumcount().to_numpy()
    shape = row.max() + 1, day.max() + 1
    units, observed, quantiles = np.zeros(shape), np.zeros(shape), np.zeros((*shape, len(columns)))
    units[row, day], observed[row, day] = stocked["units"], 1
    quantiles[row, day] = stocked[columns].to_numpy()
    levels = [float(column.removeprefix(PREFIX)) for column in columns]
    shares = coverage_bounds(units, observed, quantiles, levels).values()
    return [(round(of["below"] * len(stocked)), round(of["at_most"] * len(stocked))) for of in shares]


def gap(level: float, below: float, at_most: float) -> float:
    """How far a level lies from the shares of demand below and up to its quantile: 0 between them, above 0 where the
    quantile is too high.
    """
    return max(below - level, 0.0) + min(at_most - level, 0.0)


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
        columns = [name.removeprefix("below ") for name in found if name.startswith("below ")]
        gaps = [
            gap(
                float(column.removeprefix(PREFIX)),
                *(found[of + column] / found["days"] for of in ("below ", "at most ")),
            )
            for column in columns
        ]
        result["coverage_gap"] = float(max(gaps, key=abs))
    return result
