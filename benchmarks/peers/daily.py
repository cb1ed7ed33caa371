"""Other forecasters on FreshRetailNet, last 7 days held out; runs in an environment without TFX.

    .venv-peers/bin/python -m benchmarks.peers.daily small.parquet folder --methods naive,mean,lightgbm

Every peer sees the sales before the test days, and of these days the covariates that the benchmark declares
known: discount, activity, holiday and weekday, as our models know them; not the weather. Each writes its forecasts to
``folder/<name>.parquet`` and all of them their seconds to ``folder/peers.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.intervals import BANDS, named

HORIZON = 7
OPENING_HOURS = 16
LARGEST_RECOVERY = 3.0
KNOWN = ["discount", "activity_flag", "holiday_flag"]
STATIC = ["store_id", "product_id", "third_category_id"]
KEYS = ["store_id", "product_id", "ds"]


def read(path: Path) -> pd.DataFrame:
    """One row a series and day, sorted: unique_id, ds, y, stocked (share 0..1), covariates, ids."""
    data = pd.read_parquet(path).rename(columns={"dt": "ds", "sale_amount": "y"})
    data["unique_id"] = data["store_id"].astype(str) + "_" + data["product_id"].astype(str)
    data["y"] = data["y"].astype(float)
    data["stocked"] = 1.0 - data["oos_hours_6_22"] / OPENING_HOURS
    columns = ["unique_id", "ds", "y", "stocked", *KNOWN, *STATIC]
    return data[columns].sort_values(["unique_id", "ds"], ignore_index=True)


def split(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """History and the last HORIZON days."""
    border = data["ds"].max() - pd.Timedelta(days=HORIZON)
    return data[data["ds"] <= border], data[data["ds"] > border]


Forecast = tuple[pd.DataFrame, float, float]
"""unique_id, ds, ``demand`` and the ``quantile_<level>`` it has; seconds to train; seconds to predict."""


def recent_mean(history: pd.DataFrame, test: pd.DataFrame) -> Forecast:
    """The mean of a series' last 7 days, for every day ahead."""
    begun = time.perf_counter()
    means = history.groupby("unique_id")["y"].apply(lambda units: units.tail(HORIZON).mean())
    return test[["unique_id", "ds"]].assign(demand=test["unique_id"].map(means)), 0.0, _since(begun)


def seasonal_naive(history: pd.DataFrame, _: pd.DataFrame) -> Forecast:
    """The same weekday of the week before, with the intervals of its own errors."""
    from statsforecast.models import SeasonalNaive

    return _statistical(SeasonalNaive(HORIZON), history)


def auto_ets(history: pd.DataFrame, _: pd.DataFrame) -> Forecast:
    """Exponential smoothing chosen for each series by its information criterion, with a weekly season."""
    from statsforecast.models import AutoETS

    return _statistical(AutoETS(season_length=HORIZON), history)


def _statistical(model: Any, history: pd.DataFrame) -> Forecast:
    from statsforecast import StatsForecast

    begun = time.perf_counter()
    forecaster = StatsForecast(models=[model], freq="D", n_jobs=2)
    forecaster.fit(history[["unique_id", "ds", "y"]])
    trained = _since(begun)
    begun = time.perf_counter()
    ahead = forecaster.predict(HORIZON, level=list(BANDS))
    return named(ahead, repr(model)), trained, _since(begun)


def regressor() -> Any:
    """LightGBM with L1 loss as every benchmark sets it."""
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        objective="l1",
        n_estimators=600,
        learning_rate=0.03,
        num_leaves=63,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        random_state=1,
        n_jobs=2,
        verbose=-1,
    )


def lightgbm(history: pd.DataFrame, test: pd.DataFrame, censored: str, intervals: bool = False) -> Forecast:
    """One global LightGBM with L1 loss, recursive over the days ahead.

    Args:
        history: days before the test.
        test: the days ahead; only their known covariates are read.
        censored: ``as_sales`` learns from every day; ``left_out`` gives days with a stock-out no weight;
            ``scaled`` besides divides their sales by the stocked share, by at most LARGEST_RECOVERY.
        intervals: conformal ones, from two weeks before the test, each trained anew.
    """
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from mlforecast.utils import PredictionIntervals

    begun = time.perf_counter()
    train = history[["unique_id", "ds", "y", *KNOWN, *STATIC]].copy()
    if censored == "scaled":
        train["y"] /= np.maximum(history["stocked"], 1.0 / LARGEST_RECOVERY)
    extra: dict[str, Any] = {}
    if censored != "as_sales":
        train["weight"] = (history["stocked"] >= 1.0).astype(float)
        extra["weight_col"] = "weight"
    if intervals:
        extra["prediction_intervals"] = PredictionIntervals(n_windows=2, h=HORIZON)
    train[STATIC] = train[STATIC].astype("category")
    model = regressor()
    forecaster = MLForecast(
        models={"lightgbm": model},
        freq="D",
        lags=[1, 2, 3, 7, 14],
        lag_transforms={1: [RollingMean(7), RollingMean(14), RollingMean(28)]},
        date_features=["dayofweek"],
    )
    forecaster.fit(train, static_features=STATIC, **extra)
    trained = _since(begun)
    begun = time.perf_counter()
    ahead = forecaster.predict(
        HORIZON, X_df=test[["unique_id", "ds", *KNOWN]], level=list(BANDS) if intervals else None
    )
    return named(ahead, "lightgbm"), trained, _since(begun)


def _since(begun: float) -> float:
    return time.perf_counter() - begun


PEERS: dict[str, tuple[str, Callable[[pd.DataFrame, pd.DataFrame], Forecast]]] = {
    "mean": ("mean of the last 7 days", recent_mean),
    "naive": ("seasonal naive", seasonal_naive),
    "ets": ("AutoETS", auto_ets),
    "lightgbm": ("LightGBM, every day's sales", lambda h, t: lightgbm(h, t, "as_sales")),
    "lightgbm_left_out": ("LightGBM, censored days left out", lambda h, t: lightgbm(h, t, "left_out")),
    "lightgbm_scaled": ("LightGBM, and history scaled", lambda h, t: lightgbm(h, t, "scaled")),
    "lightgbm_intervals": (
        "LightGBM, and conformal intervals",
        lambda h, t: lightgbm(h, t, "scaled", intervals=True),
    ),
}


def main() -> None:
    """Reads a Parquet file of days; writes the forecasts and seconds of the methods named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", required=True)
    options = parser.parse_args()
    history, test = split(read(options.source))
    seconds = {}
    for key in options.methods.split(","):
        forecast, training, predicting = PEERS[key][1](history, test)
        merged = test[["unique_id", *KEYS]].merge(forecast, how="left", on=["unique_id", "ds"])
        merged.drop(columns="unique_id").rename(columns={"ds": "date"}).to_parquet(
            options.folder / f"{key}.parquet", index=False
        )
        seconds[key] = {"train": training, "predict": predicting}
    (options.folder / "peers.json").write_text(json.dumps(seconds) + "\n")


if __name__ == "__main__":
    main()
