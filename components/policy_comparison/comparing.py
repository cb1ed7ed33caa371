"""Costs of several policies' orders in the same cycles, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.policy_comparison.reviews import largest
from contracts.arrays import Arrays
from inventory.cycle import one_order
from inventory.metrics import ratio


def compare_levels(windows: Arrays, policies: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each policy, money and service over the cycles of which all demand is known.

    Each orders once, from a shelf that lasts until the order arrives if the recent mean sells.

    Args:
        windows: ``label_demand`` and ``recent_mean`` [N, H]; ``protection_observed``, ``lead_time``, ``review_period``,
            ``holding_cost`` and ``shortage_cost``, [N, 1]; and by policy order-up-to levels, units, [N, 1], with the
            largest orders of those that have some.
        policies: those to compare.

    Returns:
        By policy: ``cycle_cost`` (money per unit of demand), ``total_cost`` (money), ``fill_rate`` (share of
        the demand served), ``service_level`` (share of cycles without a shortage), ``intervals`` (their number).
    """
    judged = windows["protection_observed"][:, 0] > 0
    chosen = {name: values[judged] for name, values in windows.items()}
    compared = {}
    for policy in policies:
        cap = chosen[largest(policy)][:, 0] if largest(policy) in chosen else np.inf
        _, cycle = one_order(
            chosen["label_demand"].astype(np.float64),
            chosen["recent_mean"].astype(np.float64),
            chosen[policy][:, 0].astype(np.float64),
            cap,
            chosen["lead_time"],
            chosen["review_period"],
        )
        units = cycle.demanded.sum()
        cost = cycle.cost(chosen["holding_cost"][:, 0], chosen["shortage_cost"][:, 0]).sum()
        compared[policy] = {
            "cycle_cost": ratio(cost, units),
            "total_cost": float(cost),
            "fill_rate": ratio(units - cycle.lost.sum(), units),
            "service_level": float((cycle.lost <= 0).mean()) if judged.any() else float("nan"),
            "intervals": int(judged.sum()),
        }
    return compared
