"""A small retailer's rows, unchanged from week to week but for chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from components.data_gate.batch_rows import BatchRows

FIRST = 19_000


def batch(stores: int = 4, products: int = 12, days: int = 120, seed: int = 0) -> BatchRows:
    """Rows of all stores, products and days; a price and a cost for each product, weather for each store and day."""
    random = np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product(
        [
            [f"s{i}" for i in range(stores)],
            [f"p{i:02d}" for i in range(products)],
            range(FIRST, FIRST + days),
        ],
        names=["store_id", "product_id", "date"],
    )
    frame = grid.to_frame(index=False)
    product = frame["product_id"].str[1:].astype(int).to_numpy()
    store = frame["store_id"].str[1:].astype(int).to_numpy()
    day = (frame["date"] - FIRST).to_numpy()
    temperature = random.normal(12, 6, (stores, days)).round(1)
    frame["units_sold"] = random.poisson(3 + product).astype(np.float32)
    frame["unit_price"] = (1 + product).astype(np.float32)
    frame["unit_cost"] = (0.5 + product / 2).astype(np.float32)
    frame["category"] = np.where(product % 2 == 0, "dairy", "snacks")
    frame["temperature"] = temperature[store, day].astype(np.float32)
    frame["holiday"] = (day % 30 == 5).astype(np.float32)
    return BatchRows(frame, 1, ("temperature", "holiday"))


def until(rows: BatchRows, days: int) -> BatchRows:
    """Without the newest days."""
    return replace(rows, frame=rows.frame[rows.frame["date"] <= rows.last_day - days])


def changed(rows: BatchRows, **columns: Any) -> BatchRows:
    """With other columns."""
    return replace(rows, frame=rows.frame.assign(**columns))
