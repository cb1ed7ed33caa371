"""Plans that are counted, in stretches of which each counts once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from contracts.arrays import Floats
from pipeline.orders.realised_accuracy.challenger import ScoredPlan

Blocks = Sequence[Sequence[ScoredPlan]]
NO_COSTS = "the orders cost nothing"
NO_SALES = "no sales of fully stocked periods are known yet"


def counted(plans: Sequence[ScoredPlan], share: float) -> list[ScoredPlan]:
    """The plans of which so many series are scored."""
    return [plan for plan in plans if plan.scored >= share * plan.lines]


def blocks_of(plans: Sequence[ScoredPlan], newest_date: date | None, period_days: int) -> Blocks:
    """Plans in stretches as long as the longest time that one order is for.

    Neighbouring plans are judged by nearly the same days: no two of one block count for more than one. Only blocks of
    which all is known.

    Args:
        plans: oldest first.
        newest_date: last date with sales that is known; None where none is.
        period_days: 1 or 7.
    """
    if not plans or newest_date is None:
        return []
    first, length = plans[0].as_of, max(plan.interval for plan in plans)
    days = length * period_days
    by_block: dict[int, list[ScoredPlan]] = {}
    for plan in plans:
        by_block.setdefault((plan.as_of - first).days // days, []).append(plan)
    whole = []
    for number, found in sorted(by_block.items()):
        last_plan = first + timedelta(days=(number + 1) * days - period_days)
        if last_plan + timedelta(days=days) <= newest_date:
            whole.append(found)
    return whole


def means(blocks: Blocks, name: str) -> Floats:
    """A figure of a plan, its mean in each block."""
    return np.array([np.mean([getattr(plan, name) for plan in block]) for block in blocks], np.float64)


def why_not(blocks: Blocks, otherwise: str) -> str:
    """Why nothing can be judged by them, in words."""
    return otherwise if blocks else "no block of plans is over yet"
