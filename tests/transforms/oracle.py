"""The transformed features again, in pandas and plain Python, one window at a time and nothing shared."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.arrays import Arrays
from transforms.features import FeatureSpace
from transforms.long_history import YEARS
from transforms.naming import external_name

EPOCH = datetime.date(1970, 1, 1)


def clean(values: NDArray[Any]) -> pd.Series:
    return pd.Series(values, dtype="float64")


def of_year(row: Arrays, year: str, scale: float) -> dict[str, list[float]]:
    """Of a year ago, by feature: relative to the level then, a hundredth of today's scale added to both."""
    then, found = float(row[f"{year}_level"][0]), {}
    for name in (year, f"{year}_smoothed"):
        ratio = (clean(row[name]) + 0.01 * scale) / (then + 0.01 * scale)
        found[name] = [value if pd.notna(value) else -1.0 for value in ratio]
    return found


def history(row: Arrays) -> pd.DataFrame:
    """A window's past: demand after recovery and winsorising, the share seen, promotion."""
    numeric = [name for name in row if name.startswith("history_") and row[name].dtype != object]
    frame = pd.DataFrame({name.removeprefix("history_"): clean(row[name]) for name in numeric})
    frame["promoted"] = frame["promotion"].fillna(0) > 0
    frame["share"] = (frame["present"] * frame["in_stock"]).clip(0, 1)
    frame["demand"] = [
        units / max(stocked, 1 / 3) if stocked > 0 and present > 0 else units
        for units, present, stocked in zip(frame["units"], frame["present"], frame["in_stock"], strict=True)
    ]
    counted = frame[(frame["demand"] > 0) & (frame["share"] > 0)]
    cut = frame["demand"].copy()
    for i in counted.index:
        value, others = counted["demand"][i], counted["demand"].drop(i)
        if len(others) and not frame["promoted"][i] and value > 8 * others.mean():
            cut[i] = 8 * others.mean()
    frame["demand"] = cut
    return frame


def window(raw: Arrays, space: FeatureSpace) -> Arrays:
    """All transformed features but vocabulary ids, each [N, size]."""
    rows = [{name: column[i] for name, column in raw.items()} for i in range(len(raw["origin"]))]
    pasts = [history(row) for row in rows]
    mean = sum((p["share"] * p["demand"]).sum() for p in pasts) / sum(p["share"].sum() for p in pasts)
    angles = [2 * math.pi * ((int(row["origin"][0])) % 365.2425) / 365.2425 for row in rows]
    spread = abs(np.mean(np.exp(1j * np.array(angles))))
    statistics = {}
    for column in space.numeric_external:
        values = pd.Series(raw[f"history_{external_name(column)}"].ravel().astype("float64"))
        statistics[column] = (values.mean(), values.std(ddof=0))
    outputs: dict[str, list[list[float]]] = {}
    for row, past in zip(rows, pasts, strict=True):
        for name, numbers in one(row, past, mean, spread < 0.3, statistics, space).items():
            outputs.setdefault(name, []).append([float(v) for v in numbers])
    return {name: np.array(values) for name, values in outputs.items()}


def one(
    row: Arrays,
    past: pd.DataFrame,
    mean: float,
    year: bool,
    statistics: dict[str, tuple[float, float]],
    space: FeatureSpace,
) -> dict[str, Iterable[float]]:
    seen, horizon = past["share"], space.horizon
    scale = ((seen * past["demand"]).sum() + 0.5 * mean) / (seen.sum() + 0.5)
    scaled = past["demand"] / scale

    def level(chosen: pd.Series, weight: float = 0.5) -> float:
        return ((seen * scaled)[chosen].sum() + weight) / (seen[chosen].sum() + weight)

    origin = int(row["origin"][0])
    days = [EPOCH + datetime.timedelta(days=origin + h) for h in range(1, horizon + 1)]
    dates = pd.Series(
        [EPOCH + datetime.timedelta(days=origin - lag) for lag in range(space.history - 1, -1, -1)]
    )
    weekdays = dates.map(lambda d: d.weekday())
    newest = pd.Series(np.arange(space.history) >= 0)
    turns = [2 * math.pi * (((d - EPOCH).days % 365.2425) / 365.2425) for d in days]
    given: dict[str, Iterable[float]] = {
        "scale": [scale],
        "history_demand": scaled,
        "history_share": seen,
        "recent_levels": [level(newest & (newest.index >= space.history - n)) for n in (7, 14, 28)],
        "promotion_levels": [level(~past["promoted"]), level(past["promoted"])],
        "seasonal_profile": [level(weekdays == d.weekday(), 1.0) for d in days],
        "history_open": (clean(row["history_open"]).fillna(1) > 0).astype(float),
        "future_open": (clean(row["future_open"]).fillna(1) > 0).astype(float),
        "history_promotion": past["promoted"].astype(float),
        "weekday": [d.weekday() for d in days],
        "day_of_month": [d.day for d in days],
        "long_levels": [level if pd.notna(level) else -1 for level in clean(row["long_levels"]) / scale],
        **{name: values for name_of in YEARS for name, values in of_year(row, name_of, scale).items()},
        "year_sine": [math.sin(t) if year else 0.0 for t in turns],
        "year_cosine": [math.cos(t) if year else 0.0 for t in turns],
        "critical_ratio": row["shortage_cost"]
        / (row["shortage_cost"] + row["review_period"] * row["holding_cost"]),
        "protection": row["lead_time"] + row["review_period"],
        "review": row["review_period"],
        "holding_cost": row["holding_cost"],
        "shortage_cost": row["shortage_cost"],
    }
    own = past["price"].mean()
    off = 1 - past["discount"].mean() if past["discount"].notna().any() else 0.0
    price, paid = clean(row["history_price"]), clean(row["history_discount"])
    given["history_price"] = np.log(price / own).fillna(0).clip(-2, 2) if own > 0 else price * 0.0
    given["history_discount"] = (1 - paid).fillna(off)
    steps = clean(np.arange(horizon))
    for name, reach in space.planned().items():
        told = clean(row[f"future_{name}"]).where(steps.lt(float(reach)))
        if name == "price":
            told = np.log(told / own).clip(-2, 2) if own > 0 else told * np.nan
        given[f"future_{name}_known"] = told.notna().astype(float)
        given[f"future_{name}"] = ((1 - told) if name == "discount" else told).fillna(0)
    for when in ("history", "future"):
        for column, (centre, deviation) in statistics.items():
            if when == "history" or space.reach(column):
                name = external_name(column)
                z = (clean(row[f"{when}_{name}"]) - centre) / deviation
                given[f"{when}_{name}"] = z.fillna(0).clip(-5, 5)
    for label in space.labels():
        given[label.name] = row[label.name]
    return given
