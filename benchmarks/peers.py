"""Other forecasters on FreshRetailNet, last 7 days held out; runs in an environment without TFX.

    .venv-peers/bin/python -m benchmarks.peers small.parquet peers.json

Every peer sees the sales before the test days, and of these days the covariates that the benchmark declares
known: discount, activity, holiday, precipitation, temperature and weekday.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

HORIZON = 7
OPENING_HOURS = 16
LARGEST_RECOVERY = 3.0
KNOWN = ["discount", "activity_flag", "holiday_flag", "precpt", "avg_temperature"]
STATIC = ["store_id", "product_id", "third_category_id"]


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


def errors(test: pd.DataFrame, forecast: np.ndarray) -> dict[str, float]:
    """WAPE and bias, (forecast - actual) / actual, on fully stocked days and (``_all``) on all days."""
    actual = test["y"].to_numpy()
    result = {}
    for suffix, rows in (("", test["stocked"].to_numpy() >= 1.0), ("_all", np.ones(len(test), bool))):
        units = actual[rows].sum()
        result["wape" + suffix] = float(np.abs(forecast[rows] - actual[rows]).sum() / units)
        result["bias" + suffix] = float((forecast[rows] - actual[rows]).sum() / units)
    return result


def recent_mean(history: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """The mean of a series' last 7 days, for every day ahead."""
    means = history.groupby("unique_id")["y"].apply(lambda units: units.tail(7).mean())
    return test["unique_id"].map(means).to_numpy()


def seasonal_naive(history: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """The same weekday of the week before."""
    before = test[["unique_id", "ds"]].assign(ds=test["ds"] - pd.Timedelta(days=7))
    return before.merge(history[["unique_id", "ds", "y"]], how="left", on=["unique_id", "ds"])["y"].to_numpy()


def lightgbm(history: pd.DataFrame, test: pd.DataFrame, censored: str) -> np.ndarray:
    """One global LightGBM with L1 loss, recursive over the days ahead.

    Args:
        history: days before the test.
        test: the days ahead; only their known covariates are read.
        censored: ``as_sales`` learns from every day; ``left_out`` gives days with a stock-out no weight;
            ``scaled`` besides divides their sales by the stocked share, by at most LARGEST_RECOVERY.
    """
    from lightgbm import LGBMRegressor
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    train = history[["unique_id", "ds", "y", *KNOWN, *STATIC]].copy()
    if censored == "scaled":
        train["y"] /= np.maximum(history["stocked"], 1.0 / LARGEST_RECOVERY)
    weights = {}
    if censored != "as_sales":
        train["weight"] = (history["stocked"] >= 1.0).astype(float)
        weights = {"weight_col": "weight"}
    train[STATIC] = train[STATIC].astype("category")
    model = LGBMRegressor(
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
    forecaster = MLForecast(
        models={"lightgbm": model},
        freq="D",
        lags=[1, 2, 3, 7, 14],
        lag_transforms={1: [RollingMean(7), RollingMean(14), RollingMean(28)]},
        date_features=["dayofweek"],
    )
    forecaster.fit(train, static_features=STATIC, **weights)
    ahead = forecaster.predict(HORIZON, X_df=test[["unique_id", "ds", *KNOWN]])
    merged = test[["unique_id", "ds"]].merge(ahead, how="left", on=["unique_id", "ds"])
    return np.maximum(merged["lightgbm"].to_numpy(), 0.0)


PEERS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]] = {
    "mean of the last 7 days": recent_mean,
    "seasonal naive": seasonal_naive,
    "LightGBM, every day's sales": lambda history, test: lightgbm(history, test, "as_sales"),
    "LightGBM, censored days left out": lambda history, test: lightgbm(history, test, "left_out"),
    "LightGBM, and history scaled": lambda history, test: lightgbm(history, test, "scaled"),
}


def main() -> None:
    """Reads the Parquet file given first, writes the figures to the JSON file given second."""
    source, target = map(Path, sys.argv[1:3])
    history, test = split(read(source))
    results = {}
    for name, peer in PEERS.items():
        start = time.perf_counter()
        forecast = peer(history, test)
        results[name] = {**errors(test, forecast), "seconds": time.perf_counter() - start}
    target.write_text(json.dumps({"rows": len(history) + len(test), "peers": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
