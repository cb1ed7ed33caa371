"""Costs of several policies' levels over the same protection intervals, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inventory.metrics import ratio
from inventory.newsvendor import newsvendor_cost


def compare_levels(
    windows: Mapping[str, NDArray[np.float32]], levels: Mapping[str, NDArray[np.float32]]
) -> dict[str, dict[str, float]]:
    """For each policy, money and service over the intervals whose demand was observed throughout.

    Args:
        windows: protection_demand, protection_observed, holding_cost and shortage_cost, each ``[N, 1]``.
        levels: order-up-to levels by policy, units, ``[N, 1]``.

    Returns:
        By policy: ``newsvendor_cost`` (money per unit of demand), ``total_cost`` (money), ``fill_rate`` (share of
        the demand covered), ``service_level`` (share of intervals without a shortage), ``intervals`` (their number).
    """
    judged = windows["protection_observed"][:, 0] > 0
    demand = windows["protection_demand"][judged, 0].astype(np.float64)
    holding = windows["holding_cost"][judged, 0].astype(np.float64)
    shortage = windows["shortage_cost"][judged, 0].astype(np.float64)
    units = demand.sum()
    compared = {}
    for policy, level in levels.items():
        stock = level[judged, 0].astype(np.float64)
        cost = newsvendor_cost(stock, demand, holding, shortage).sum()
        compared[policy] = {
            "newsvendor_cost": ratio(cost, units),
            "total_cost": float(cost),
            "fill_rate": ratio(np.minimum(stock, demand).sum(), units),
            "service_level": float((stock >= demand).mean()) if len(stock) else float("nan"),
            "intervals": int(judged.sum()),
        }
    return compared
