"""How good forecasts are: M5's squared errors, and the quantiles of sums; the rest is ``harness.forecast_errors``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.harness.forecast_errors import gap
from components.policy_comparison.calibration import coverage_bounds
from contracts.arrays import Floats
from inventory.paths import path_scores, sample_paths


def rmsse(history: pd.DataFrame, came: pd.DataFrame, forecast: pd.DataFrame) -> float:
    """Mean over the series of sqrt(mean squared error / mean squared change from one period to the next).

    Changes count from a series' first sale on, as in M5; errors where the shelf was full. Series that never changed, or
    were not full in any period, are left out.

    Args:
        history: unique_id, ds (in order), y.
        came: unique_id, date, units, stocked.
        forecast: unique_id, date, demand.
    """
    errors = came.merge(forecast, on=["unique_id", "date"], validate="one_to_one")
    errors = errors[errors["stocked"] >= 1.0]
    square = ((errors["demand"] - errors["units"]) ** 2).groupby(errors["unique_id"]).mean()
    begun = history[history.groupby("unique_id")["y"].cumsum() > 0]
    change = begun.groupby("unique_id")["y"].diff() ** 2
    scale = change.groupby(begun["unique_id"]).mean()
    ratio = square / scale[scale > 0].reindex(square.index)
    return float(np.sqrt(ratio.dropna()).mean())


def wrmsse(levels: pd.DataFrame, came: pd.DataFrame, forecast: pd.DataFrame) -> dict[str, float]:
    """The official error of M5 of each level, by its name: the weighted sum of its series' sqrt(MSE / scale).

    Args:
        levels: level, place, thing, weight, scale.
        came: store_id (the place), product_id (the thing), unique_id, date, units.
        forecast: unique_id, date, demand.
    """
    errors = came.merge(
        forecast[["unique_id", "date", "demand"]], on=["unique_id", "date"], validate="one_to_one"
    )
    errors["square"] = (errors["demand"] - errors["units"]) ** 2
    square = errors.groupby(["store_id", "product_id"])["square"].mean().rename("square").reset_index()
    of_series = levels.merge(
        square, left_on=["place", "thing"], right_on=["store_id", "product_id"], validate="one_to_one"
    )
    if len(of_series) < len(levels):
        raise ValueError(f"{len(levels) - len(of_series)} series of the competition have no forecast")
    weighted = of_series["weight"] * np.sqrt(of_series["square"] / of_series["scale"])
    return {str(level): float(value) for level, value in weighted.groupby(of_series["level"]).sum().items()}


def interval_sums(
    levels: Sequence[float], quantiles: Floats, correlation: Sequence[float], units: Floats, periods: int
) -> dict[str, float]:
    """Pinball loss and worst coverage of the sums over the first periods, of series that are known in all of them.

    Args:
        levels: of the quantiles, Q.
        quantiles: units, [N, H, Q].
        correlation: of the errors by how far periods lie apart; empty: none.
        units: what came, [N, H]; NaN where it is not known.
        periods: of the protection interval, at most H.

    Returns:
        pinball (units, the mean over the levels) and coverage_gap (the worst level's); empty where nothing is known.
    """
    sums = units[:, :periods].sum(axis=1)
    known = np.isfinite(sums)
    if not known.any():
        return {}
    paths = sample_paths(levels, quantiles[known], path_scores(correlation, quantiles.shape[1]))
    at = np.quantile(paths[:, :, :periods].sum(axis=2), levels, axis=1).T
    error = sums[known][:, None] - at
    share = np.asarray(levels)
    bounds = coverage_bounds(sums[known][:, None], np.ones((known.sum(), 1)), at[:, None, :], levels).values()
    gaps = [gap(level, **shares) for level, shares in zip(levels, bounds, strict=True)]
    return {
        "pinball": float(np.maximum(share * error, (share - 1) * error).mean()),
        "coverage_gap": max(gaps, key=abs),
    }
