"""Small tables of rows, made up for the tests of windowing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

FIRST_DATE = 19_723  # 2024-01-01, a Monday

FLOATS = (
    "units_sold",
    "unit_price",
    "discount",
    "in_stock",
    "temperature",
    "holiday",
    "holding_cost",
    "shortage_cost",
    "pack_size",
)


def make_frame(
    lengths: dict[tuple[str, str], tuple[int, int]], seed: int = 0, period_days: int = 1
) -> pd.DataFrame:
    """Rows of series given as {(store, product): (offset of the first date, periods)}, with gaps and stock-outs."""
    rng = np.random.default_rng(seed)
    parts = []
    for (store, product), (offset, periods) in lengths.items():
        part = pd.DataFrame(
            {
                "date": FIRST_DATE + (offset + np.arange(periods)) * period_days,
                "store_id": store,
                "product_id": product,
                "units_sold": rng.poisson(4, periods).astype(float),
                "unit_price": np.where(
                    rng.random(periods) < 0.1, np.nan, rng.uniform(1, 3, periods).round(2)
                ),
                "discount": np.where(
                    rng.random(periods) < 0.2, 0.8, np.where(np.arange(periods) % 5, 1.0, np.nan)
                ),
                "on_promotion": np.where(np.arange(periods) % 7, rng.integers(0, 2, periods), np.nan),
                "in_stock": rng.choice([1.0, 1.0, 1.0, 0.5, 0.0], periods),
                "temperature": rng.normal(15, 5, periods),
                "holiday": (rng.random(periods) < 0.1).astype(float),
                "event": rng.choice(["", "market"], periods),
                "category": f"c-{product}",
                "lead_time": rng.integers(0, 3, periods),
                "holding_cost": 0.5,
                "shortage_cost": 2.0,
                "pack_size": np.where(np.arange(periods) % 3, 1.0, 6.0),
            }
        )
        part.loc[rng.random(periods) < 0.1, "units_sold"] = np.nan
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["store_id", "product_id", "date"], ignore_index=True)


def to_table(frame: pd.DataFrame) -> pa.Table:
    """The flat Arrow table that contracts.rows would read."""
    columns = {}
    for name in frame.columns:
        if name in FLOATS:
            columns[name] = pa.array(frame[name].to_numpy(np.float32), from_pandas=True)
        elif name in ("date", "lead_time", "on_promotion", "open", "open_planned", "closed_weekdays"):
            columns[name] = pa.array(frame[name].to_numpy(np.float64), from_pandas=True).cast(pa.int64())
        else:
            columns[name] = pa.array(frame[name].astype(str).to_numpy(object), pa.string())
    return pa.table(columns)


def with_closed_days(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Some days closed by a calendar, or by their weekday as of each day, and nothing sold on them."""
    rng = np.random.default_rng(seed)
    planned = rng.choice([np.nan, np.nan, np.nan, 0.0, 1.0], len(frame))
    closed_weekdays = rng.integers(0, 128, len(frame))
    by_weekday = 1 - (closed_weekdays >> (frame["date"].to_numpy() + 3) % 7 & 1)
    is_open = np.where(np.isnan(planned), by_weekday, planned)
    return frame.assign(
        open=is_open,
        open_planned=planned,
        closed_weekdays=closed_weekdays,
        units_sold=frame["units_sold"].where(is_open > 0),
    )
