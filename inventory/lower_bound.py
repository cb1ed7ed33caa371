"""What no policy can get below: the cost of one who knows all demand beforehand."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats
from inventory.periods import step
from inventory.simulation import units_of, whole_periods
from inventory.suppliers.schedule import Schedule


def clairvoyant_cost(
    demand: ArrayLike,
    lead_time: ArrayLike,
    holding_cost: ArrayLike,
    shortage_cost: ArrayLike,
    review_period: int,
    *,
    initial_on_hand: ArrayLike,
    initial_on_order: ArrayLike | None = None,
    first_review: int | None = None,
    schedule: Schedule | None = None,
    expires: ArrayLike = False,
) -> Floats:
    """Least holding and shortage cost of each item under the same reviews and lead times, [N], money.

    Packs, minimum and maximum are left out, which can only make it cheaper. Costs are linear, so each unit of
    demand can be looked at alone. One of period d that is not served from the initial stock costs
    c(d) = min(p, h (d - a)), with a the last period up to d in which an order can arrive, and p where there is
    none. A unit of the initial stock that serves period d instead of lying until the end saves h (P - d) + c(d).
    c rises by at most h from one period to the next, so this saving never grows with d: serving the earliest
    demand first is best, which is what a shelf does. Without packs and bounds the bound is reached.

    Args:
        demand: units, [N, P].
        lead_time: whole periods, [N].
        holding_cost: h, money per unit and period, [N].
        shortage_cost: p, money per unit not served, [N].
        review_period, initial_on_hand, initial_on_order, first_review, schedule: as of
            ``inventory.simulation.simulate``.
        expires: which items have a shelf life, [N]. Of these what expires is no more held: the bound then lets the
            initial stock lie for nothing and serve what would cost most.

    Raises:
        ValueError: as ``simulate``.
    """
    demand = units_of("demand", demand)
    items, periods = demand.shape
    lead = whole_periods(lead_time, items)
    h, p = (
        np.broadcast_to(np.asarray(x, np.float64), (items,))[:, None] for x in (holding_cost, shortage_cost)
    )
    first = review_period - 1 if first_review is None else first_review
    schedule = schedule or Schedule.regular(items, periods, review_period, first)
    arrivals = np.array(schedule.periods, np.int64)[None, :] + lead[:, None] + 1
    latest = np.full((items, periods), -1, dtype=np.int64)
    which, column = np.nonzero((arrivals < periods) & schedule.own)
    latest[which, arrivals[which, column]] = arrivals[which, column]
    np.maximum.accumulate(latest, axis=1, out=latest)
    of_order = np.where(latest >= 0, np.minimum(p, h * (np.arange(periods)[None, :] - latest)), p)

    coming = (
        np.zeros((items, 0)) if initial_on_order is None else units_of("initial_on_order", initial_on_order)
    )
    on_hand: Floats = np.array(np.broadcast_to(units_of("initial_on_hand", initial_on_hand), (items,)))
    cost = np.zeros(items)
    for now in range(periods):
        arriving = coming[:, now] if now < coming.shape[1] else np.zeros(items)
        events = step(on_hand, arriving, demand[:, now])
        on_hand = events.on_hand
        cost += h[:, 0] * on_hand + of_order[:, now] * events.unserved
    some = np.flatnonzero(np.broadcast_to(expires, (items,)))
    if some.size:
        start = np.broadcast_to(np.asarray(initial_on_hand, np.float64), (items,))[some]
        cost[some] = _served_for_nothing(demand[some], of_order[some], start + coming[some].sum(axis=1))
    return cost


def _served_for_nothing(demand: Floats, cost: Floats, units: Floats) -> Floats:
    """What demand costs, [N, P] money a unit, where so many units of the dearest are served for nothing, [N]."""
    dearest = np.argsort(-cost, axis=1)
    wanted, price = (np.take_along_axis(values, dearest, axis=1) for values in (demand, cost))
    rest = np.diff(np.maximum(np.cumsum(wanted, axis=1) - units[:, None], 0.0), axis=1, prepend=0.0)
    return np.asarray((rest * price).sum(axis=1))
