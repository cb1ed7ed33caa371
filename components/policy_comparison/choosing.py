"""By which policy a pair plans: the one whose orders cost least over the eval period, in closed loop."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.arrays import Floats
from contracts.policies import FORECAST_PLAN, PLANNING, Planned
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
