"""Series and stores whose sales leave the outer quantiles of their forecasts more often than they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from contracts.arrays import Floats

SIGNIFICANT = 0.05
_FEWEST = 7
"""Periods below which nothing is said."""

COLUMNS = (
    "level", "store_id", "product_id", "since", "until", "side", "periods", "outside", "expected", "p_value",
)  # fmt: skip


def demand_anomalies(outside: pd.DataFrame) -> pd.DataFrame:
    """What is significant at 5 % after correction for how many series, or stores, were looked at (Bonferroni).

    A series is judged by the binomial distribution: its periods outside against the level of the quantile. The series
    of a store leave their bands together (a promotion, a holiday), so a store is judged period by period: by a
    one-sided t-test of the share of its series outside, over its periods. Sales in whole units lie outside of a rounded
    quantile at most as often as its level says, so that both err on the side of silence.

    Args:
        outside: store_id, product_id, date, below and above (0/1), level_low and level_high; one row for each series
            and period.

    Returns:
        Rows of ``demand_anomalies``, the least likely first.
    """
    # A frame without rows has no types of its own.
    outside = outside.astype({"below": int, "above": int, "level_low": float, "level_high": float})
    found = []
    for side in ("above", "below"):
        share = 1 - outside["level_high"] if side == "above" else outside["level_low"]
        rows = outside.assign(out=outside[side], share=share)
        found += [_series(rows, side), _stores(rows, side)]
    whole = pd.concat(found, ignore_index=True)
    return whole[whole["p_value"] < SIGNIFICANT].sort_values("p_value", ignore_index=True)[list(COLUMNS)]


def _series(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    grouped = _counted(rows, ["store_id", "product_id"])
    p = stats.binom.sf(grouped["outside"] - 1, grouped["periods"], grouped["expected"] / grouped["periods"])
    return _table(grouped, "series", side, p)


def _stores(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    # The excess of each period over what was to be expected in it.
    daily = (
        rows.assign(excess=rows["out"] - rows["share"])
        .groupby(["store_id", "date"], sort=True)["excess"]
        .mean()
        .groupby("store_id", sort=True)
        .agg(["mean", "std", "count"])
    )
    daily = daily[daily["count"] >= _FEWEST]
    # As many rows as periods at least, so every store that is left here was counted there too.
    grouped = _counted(rows, ["store_id"]).set_index("store_id").loc[daily.index].reset_index()
    grouped = grouped.assign(product_id="", periods=daily["count"].to_numpy())
    error = np.maximum(daily["std"] / np.sqrt(daily["count"]), 1e-9)
    p = stats.t.sf(daily["mean"] / error, daily["count"] - 1)
    return _table(grouped, "store", side, p)


def _counted(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    grouped = rows.groupby(keys, sort=True).agg(
        since=("date", "min"),
        until=("date", "max"),
        periods=("out", "size"),
        outside=("out", "sum"),
        expected=("share", "sum"),
    )
    return grouped[grouped["periods"] >= _FEWEST].reset_index()


def _table(grouped: pd.DataFrame, level: str, side: str, p: Floats) -> pd.DataFrame:
    corrected = np.minimum(np.asarray(p, np.float64) * max(len(grouped), 1), 1.0)
    return grouped.assign(level=level, side=side, p_value=corrected)
