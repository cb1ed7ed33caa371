"""Which series are shown, and what was forecast of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from components.policy_comparison.forecasts import quantile_columns
from pipeline.reporting.data import Series

_KEYS = ["store_id", "product_id"]


def chosen_series(table: pd.DataFrame) -> tuple[Series, ...]:
    """The series with the least, the middle and the largest WAPE of its median forecast, in this order.

    A series without any demand on observed periods has no WAPE and is not chosen. With fewer than three series each
    is shown once.

    Args:
        table: rows as components.policy_comparison.forecasts writes them.
    """
    levels = quantile_columns(table.columns)
    if not levels or table.empty:
        return ()
    middle = levels[min(levels, key=lambda level: abs(level - 0.5))]
    seen = table[table["observed"] > 0]
    sums = (
        seen.assign(
            error=(seen["units"] - seen[middle]).abs().astype(float), units=seen["units"].astype(float)
        )
        .groupby(_KEYS, sort=True)[["error", "units"]]
        .sum()
    )
    sums = sums[sums["units"] > 0]
    wape = (sums["error"] / sums["units"]).sort_values(kind="stable")
    if wape.empty:
        return ()
    indices = {"best": 0, "median": (len(wape) - 1) // 2, "worst": len(wape) - 1}
    shown: dict[int, str] = {}
    for rank, index in indices.items():
        shown.setdefault(index, rank)
    return tuple(
        _series(table, levels, rank, wape.index[index], float(wape.iloc[index]))
        for index, rank in shown.items()
    )


def _series(
    table: pd.DataFrame, levels: dict[float, str], rank: str, key: tuple[str, str], wape: float
) -> Series:
    store, product = key
    mine = table[(table["store_id"] == store) & (table["product_id"] == product)]
    mine = _one_after_another(mine.sort_values(["origin", "step"]))
    # An older release did not write it.
    promoted = mine["promoted"].fillna(0).astype(float) if "promoted" in mine else np.zeros(len(mine))
    return Series(
        rank,
        str(store),
        str(product),
        wape,
        tuple(mine["date"]),
        tuple(mine["units"].astype(float)),
        tuple(mine["observed"] > 0),
        {level: tuple(mine[name].astype(float)) for level, name in sorted(levels.items())},
        tuple(mine["origin"].unique()),
        tuple(promoted > 0),
    )


def _one_after_another(mine: pd.DataFrame) -> pd.DataFrame:
    """The windows of one series that follow each other without overlap, the newest one among them."""
    kept: list[date] = []
    for origin, last in reversed(list(mine.groupby("origin")["date"].max().items())):
        if not kept or last <= kept[-1]:
            kept.append(origin)
    return mine[mine["origin"].isin(kept)]
