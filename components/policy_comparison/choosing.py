"""By which policy a pair plans: the one whose orders cost least over the eval period, in closed loop.

Over the test period it must then be proven to cost less than base stock, or base stock plans.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.arrays import Floats
from contracts.policies import BASE_STOCK, FORECAST_PLAN, PLANNING, Planned
from inventory.paired_ratio import paired_ratio

CONFIDENCE = 0.95
_SEED = 7


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


def is_proven(policy: Planned, costs: Mapping[str, Floats], most: float) -> bool:
    """Whether a policy may plan, given what the test period cost.

    One of which it is neither proven that it orders at less cost than base stock, nor that it orders at more, leaves
    the planning to base stock: orders are then no dearer than without models. One that is proven dearer keeps it, for
    the gate to refuse.

    Args:
        policy: chosen before the test period.
        costs: of each series under each policy, [N], money.
        most: cost against base stock's, as a fraction, that counts as no more (``gate.base_stock_cost``).
    """
    if policy == BASE_STOCK:
        return True
    try:
        interval = paired_ratio(costs[policy], costs[BASE_STOCK], seed=_SEED, level=2 * CONFIDENCE - 1)
    except ValueError:
        # Nothing was to be ordered: the gate says so.
        return True
    return interval.high <= most or interval.low > most
