"""Series as the simulation lives through them, without any files."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.policy_comparison.held_out import HeldOut
from inventory.policies import LOOK_BACK


def held_of(rng: np.random.Generator, items: int, periods: int, review: int, **columns: Any) -> HeldOut:
    """Series of Poisson demand with plain terms; ``columns`` replaces what is given."""
    texts, ones = np.array([f"{item}" for item in range(items)]), np.ones(items)
    usual = {
        "store_id": texts,
        "product_id": texts,
        "category": texts,
        "demand": rng.poisson(3, (items, periods)).astype(float),
        "estimated": np.zeros((items, periods), bool),
        "before": rng.poisson(3, (items, LOOK_BACK * review)).astype(float),
        "on_hand": 5 * ones,
        "on_order": 0 * ones,
        "lead_time": np.ones(items, np.int64),
        "pack_size": ones,
        "minimum": 0 * ones,
        "maximum": np.nan * ones,
        "holding_cost": 0.2 * ones,
        "shortage_cost": 3 * ones,
        "unit_cost": np.nan * ones,
        "presentation_stock": 0 * ones,
        "shelf_capacity": np.nan * ones,
        "shelf_life": np.nan * ones,
        "supplier": np.full(items, "", object),
        "minimum_order_value": np.nan * ones,
        "order_weekdays": np.zeros(items, np.int64),
    }
    return HeldOut(**(usual | columns), cutoff=20_000)
