"""By which policy a pair plans: the one whose orders cost least over the eval period, in closed loop.

Over both periods it must then be proven to cost less than base stock, or base stock plans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from contracts.arrays import Floats, Texts
from contracts.policies import BASE_STOCK, FORECAST_PLAN, PLANNING, Planned
from inventory.paired_ratio import Interval, paired_ratio

CONFIDENCE = 0.95
_SEED = 7


@dataclass(frozen=True)
class Costs:
    """What each series cost over a period, [N], money, by policy; and whose it is."""

    store_id: Texts
    product_id: Texts
    by_policy: Mapping[str, Floats]


def choose(costs: Mapping[str, Floats]) -> Planned:
    """The policy that plans.

    The cheapest one; yet the forecast plan, whose orders follow from what people see forecast, gives way only to one
    that is proven cheaper.

    Args:
        costs: of each series under each policy, [N], money; all of ``PLANNING`` among them.
    """
    cheapest = min(PLANNING, key=lambda policy: float(costs[policy].sum()))
    if cheapest == FORECAST_PLAN:
        return FORECAST_PLAN
    try:
        interval = paired_ratio(costs[cheapest], costs[FORECAST_PLAN], seed=_SEED, level=2 * CONFIDENCE - 1)
    except ValueError:
        # Nothing was to be ordered, or hardly a series lives through the period.
        return FORECAST_PLAN
    return cheapest if interval.high < 0 else FORECAST_PLAN


def pooled(periods: Sequence[Costs]) -> dict[str, Floats]:
    """Cost of each series over all periods, money; of a series that lived through some of them, over those."""
    names = [np.concatenate([getattr(costs, key) for costs in periods]) for key in ("store_id", "product_id")]
    series, known = pd.MultiIndex.from_arrays(names).factorize()
    found: dict[str, Floats] = {policy: np.zeros(len(known)) for policy in PLANNING}
    for policy, total in found.items():
        np.add.at(total, series, np.concatenate([costs.by_policy[policy] for costs in periods]))
    return found


def settle(policy: Planned, costs: Mapping[str, Floats], most: float) -> tuple[Planned, Interval | None]:
    """The policy that plans in the end, and what the one that was chosen costs against base stock.

    One of which it is neither proven that it orders at less cost than base stock, nor that it orders at more, leaves
    the planning to base stock: orders are then no dearer than without models. One that is proven dearer keeps it, for
    the gate to refuse.

    Args:
        policy: chosen before the test period.
        costs: of each series under each policy over the eval and the test period, [N], money.
        most: cost against base stock's, as a fraction, that counts as no more (``gate.base_stock_cost``).
    """
    if policy == BASE_STOCK:
        return policy, None
    try:
        interval = paired_ratio(costs[policy], costs[BASE_STOCK], seed=_SEED, level=2 * CONFIDENCE - 1)
    except ValueError:
        # Nothing was to be ordered: the gate says so.
        return policy, None
    return (policy if interval.high <= most or interval.low > most else BASE_STOCK), interval
