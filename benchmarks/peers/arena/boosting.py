"""mlforecast with LightGBM: one global model of all series, recursive over the periods ahead."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.arena.forecast import Forecast
from benchmarks.peers.arena.task import Task

LAGS = {
    "D": (1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 35, 364, 371),
    "W": (1, 2, 3, 4, 5, 8, 13, 26, 51, 52, 53),
}
MEANS: dict[str, dict[int, tuple[int, ...]]] = {
    "D": {1: (7, 14, 28, 91), 7: (7, 28)},
    "W": {1: (4, 8, 13, 26, 52)},
}
"""Lag to the lengths of the means that end there."""
LOSSES: dict[str, dict[str, Any]] = {
    "l1": {"objective": "l1"},
    "tweedie": {"objective": "tweedie", "tweedie_variance_power": 1.1},
}
VOLUME_POWER = {"l1": 1.0, "tweedie": 0.5}
"""Weight of a series is its volume to this power: series are scaled to a mean of 1, and this gives units back."""


def lightgbm(task: Task, loss: str, power: float | None = None, **further: Any) -> Forecast:
    """One model; periods with a stock-out count for nothing in its loss.

    Args:
        task: what is known.
        loss: a key of LOSSES.
        power: of the volume; None: the loss's own.
        further: parameters of LightGBM.
    """
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    facts = task.facts
    begun = time.perf_counter()
    columns = ["unique_id", "ds", *facts.known, *facts.events]
    train = task.history[[*columns, "y", *facts.static]].copy()
    static = [*facts.static, "volume"]
    scale = volumes(task)
    of_row = train["unique_id"].map(scale)
    train["y"] /= of_row
    train["volume"] = np.log(of_row)
    stocked = (task.history["stocked"] >= 1.0).to_numpy(float)
    train["weight"] = stocked * of_row ** (VOLUME_POWER[loss] if power is None else power)
    kinds = {
        name: pd.CategoricalDtype(sorted(task.history[name].unique()))
        for name in (*facts.static, *facts.events)
    }
    train = train.astype(kinds)
    which = facts.frequency[0]
    length = int(task.history.groupby("unique_id").size().max())
    model = LGBMRegressor(**(LOSSES[loss] | REGRESSOR | further))
    forecaster = MLForecast(
        models={"demand": model},
        freq=facts.frequency,
        lags=[lag for lag in LAGS[which] if lag < length // 2],
        lag_transforms={
            lag: [RollingMean(size, min_samples=1) for size in sizes if size < length // 2]
            for lag, sizes in MEANS[which].items()
        },
        date_features=DATES[which](length),
    )
    forecaster.fit(train, static_features=static, weight_col="weight", dropna=False)
    trained = time.perf_counter() - begun
    begun = time.perf_counter()
    tables = []
    for review in range(len(facts.reviews)):
        if review:
            came = task.came_before(review)
            rows = came[["unique_id", "ds"]].assign(y=came["y"] / came["unique_id"].map(scale))
            forecaster.update(rows)
        ahead = task.ahead_of(review)[columns].astype({name: kinds[name] for name in facts.events})
        found = forecaster.predict(ahead["ds"].nunique(), X_df=ahead if len(columns) > 2 else None)
        demand = np.maximum(found["demand"] * found["unique_id"].map(scale), 0.0)
        tables.append(found[["unique_id", "ds"]].assign(demand=demand, review=review))
    predicted = (time.perf_counter() - begun) / len(tables)
    return Forecast(pd.concat(tables, ignore_index=True), trained, predicted)


REGRESSOR: dict[str, Any] = {
    "n_estimators": 600,
    "learning_rate": 0.03,
    "num_leaves": 63,
    "min_child_samples": 20,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.6,
    "random_state": 1,
    "n_jobs": 2,
    "verbose": -1,
}


def volumes(task: Task) -> pd.Series:
    """Mean units a period of each series over its last year, by unique_id; above 0."""
    recent = task.history[task.history["stocked"] >= 1.0].groupby("unique_id").tail(task.facts.year)
    means = recent.groupby("unique_id")["y"].mean()
    floor = max(0.02 * float(means.mean()), 1e-3)
    return means.reindex(task.history["unique_id"].unique()).fillna(0.0).clip(lower=floor)


def week_of_year(dates: pd.DatetimeIndex) -> NDArray[Any]:
    """ISO weeks, 1 .. 53."""
    return dates.isocalendar().week.to_numpy(np.int64)


DATES: dict[str, Callable[[int], list[Any]]] = {
    "D": lambda length: ["dayofweek", "day", *(["month", "dayofyear"] if length > 400 else [])],
    "W": lambda _: [week_of_year, "month"],
}
"""Features of a date; those of the year only where there is more than one year."""
