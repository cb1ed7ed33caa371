"""Central intervals of the forecasting libraries, as quantiles under our names."""

from __future__ import annotations

import pandas as pd

BANDS = (50, 80, 90)
"""Central intervals, percent; their ends are the quantiles that our model forecasts."""


def named(ahead: pd.DataFrame, model: str) -> pd.DataFrame:
    """A library's columns under our names; demand is no less than 0."""
    names = {model: "demand"}
    for band in BANDS:
        names[f"{model}-lo-{band}"] = f"quantile_{(100 - band) / 200:g}"
        names[f"{model}-hi-{band}"] = f"quantile_{(100 + band) / 200:g}"
    ahead = ahead.rename(columns=names)
    found = [name for name in names.values() if name in ahead]
    ahead[found] = ahead[found].clip(lower=0.0)
    if len(found) > 1:
        ahead["quantile_0.5"] = ahead["demand"]
    return ahead[["unique_id", "ds", *found, *(["quantile_0.5"] if len(found) > 1 else [])]]
