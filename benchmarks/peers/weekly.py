"""LightGBM on weekly sales; runs in an environment without TFX.

    .venv-peers/bin/python -m benchmarks.peers.weekly known.parquet out.parquet --weeks 6

``known.parquet`` has the columns of sales_data and the products' category, up to the origin and nothing after it. One
global model with L1 loss, recursive over the weeks ahead; weeks with an empty shelf count for nothing in its loss.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.daily import regressor

STATIC = ["store_id", "product_id", "category"]


def lightgbm(known: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Forecasts: store_id, product_id, date, demand (units)."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    train = known.rename(columns={"date": "ds", "units_sold": "y"})
    train["unique_id"] = train["store_id"].astype(str) + "\t" + train["product_id"].astype(str)
    train["weight"] = (train["in_stock"] >= 1).astype(float)
    train[STATIC] = train[STATIC].astype("category")
    model = regressor()
    forecaster = MLForecast(
        models={"demand": model},
        freq=f"W-{train['ds'].iloc[0]:%a}".upper(),
        lags=[1, 2, 3, 4, 8, 13, 26, 52],
        lag_transforms={1: [RollingMean(size) for size in (4, 8, 13, 26)]},
        date_features=[week_of_year],
    )
    forecaster.fit(
        train[["unique_id", "ds", "y", "weight", *STATIC]], static_features=STATIC, weight_col="weight"
    )
    ahead = forecaster.predict(weeks)
    ids = ahead["unique_id"].str.split("\t", expand=True)
    return pd.DataFrame(
        {
            "store_id": ids[0],
            "product_id": ids[1],
            "date": ahead["ds"],
            "demand": np.maximum(ahead["demand"], 0.0),
        }
    )


def week_of_year(dates: pd.DatetimeIndex) -> NDArray[Any]:
    """ISO weeks, 1 .. 53."""
    return dates.isocalendar().week.to_numpy(np.int64)


def main() -> None:
    """Reads what is known, writes the forecasts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("known", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weeks", type=int, required=True)
    options = parser.parse_args()
    lightgbm(pd.read_parquet(options.known), options.weeks).to_parquet(options.out, index=False)


if __name__ == "__main__":
    main()
