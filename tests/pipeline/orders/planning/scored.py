"""Scored series as the models would answer, without models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.orders.planning.frame import Frame

LEVELS = (0.1, 0.5, 0.9)
AS_OF = 20_000
FRAME = Frame(AS_OF, 1, 7, 14, 28, LEVELS, 10, 42)


def scored(count: int = 1, /, **columns: Sequence[Any]) -> pa.Table:
    """``count`` series that sell about two units a day, with columns replaced by those given."""
    usual: dict[str, Sequence[Any]] = {
        "store_id": ["S"] * count,
        "product_id": [f"P{i}" for i in range(count)],
        "category": ["dairy"] * count,
        "lead_time": [2.0] * count,
        "pack_size": [1.0] * count,
        "minimum_order_quantity": [0.0] * count,
        "maximum_order_quantity": [None] * count,
        "holding_cost": [1.0] * count,
        "shortage_cost": [9.0] * count,
        "unit_cost": [3.0] * count,
        "presentation_stock": [None] * count,
        "shelf_capacity": [None] * count,
        "shelf_life": [None] * count,
        "order_weekdays": [None] * count,
        "minimum_order_value": [None] * count,
        "supplier": [None] * count,
        "review_period": [7] * count,
        "last_known": [AS_OF] * count,
        "stock_date": [AS_OF] * count,
        "on_hand": [5.0] * count,
        "on_order": [0.0] * count,
        "order_date": [AS_OF] * count,
        "sold_since": [0.0] * count,
        "history": [28] * count,
        "open_share": [1.0] * count,
        "sold": [56.0] * count,
        "selling": [28] * count,
        "peak": [6.0] * count,
        "stretch": [24.0] * count,
        "mean": [2.0] * count,
        "base_stock_level": [22.0] * count,
        "model_level": [21.0] * count,
        "largest_order": [1000.0] * count,
        "quantiles": [np.tile([1.0, 2.0, 3.0], FRAME.horizon)] * count,
        "promotion_units": [[None] * FRAME.horizon] * count,
    }
    texts = {"store_id", "product_id", "category", "supplier"}
    arrays = {}
    for name, values in (usual | columns).items():
        if name in ("quantiles", "promotion_units"):
            arrays[name] = pa.array([None if v is None else list(v) for v in values], pa.list_(pa.float32()))
        elif name in texts:
            arrays[name] = pa.array(values, pa.string())
        else:
            arrays[name] = pa.array(values, pa.float64())
    return pa.table(arrays)


def earlier_orders(*orders: tuple[str, str, int, int, float]) -> pa.Table:
    """Of each order: store, product, the days when it was placed and arrives, units."""
    store, product, placed, arrival, quantity = zip(*orders, strict=True)
    return pa.table(
        {
            "store_id": pa.array(store, pa.string()),
            "product_id": pa.array(product, pa.string()),
            "placed": pa.array(placed, pa.int64()),
            "arrival": pa.array(arrival, pa.int64()),
            "quantity": pa.array(quantity, pa.float64()),
        }
    )
