"""The order of events in a period, and a base-stock policy run through them, for many items at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inventory.rounding import round_order

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Period:
    """What one period did to each item; every field is [N], in units."""

    available: Floats  # on the shelf after the arrivals, before demand
    sales: Floats
    unserved: Floats
    on_hand: Floats  # left at the end


def step(on_hand: ArrayLike, arrivals: ArrayLike, demand: ArrayLike) -> Period:
    """One period with lost sales: arrivals, then demand, then what is left.

    Args:
        on_hand: units left at the end of the period before, [N].
        arrivals: units of the orders due now, [N].
        demand: units asked for, [N].

    Returns:
        sales = min(available, demand); what is not served is lost.
    """
    available = np.asarray(on_hand, dtype=np.float64) + np.asarray(arrivals, dtype=np.float64)
    demand = np.asarray(demand, dtype=np.float64)
    sales = np.minimum(available, demand)
    return Period(available, sales, demand - sales, available - sales)


@dataclass(frozen=True)
class Trajectory:
    """What a policy did over P periods; every field is [N, P], in units."""

    available: Floats
    sales: Floats
    unserved: Floats
    on_hand: Floats
    on_order: Floats  # at the end of the period, before this period's review adds to it
    orders: Floats


def simulate_base_stock(
    demand: ArrayLike,
    level: ArrayLike,
    lead_time: ArrayLike,
    review_period: int,
    *,
    pack_size: ArrayLike = 1.0,
    minimum: ArrayLike = 0.0,
    maximum: ArrayLike | None = None,
    initial_on_hand: ArrayLike | None = None,
) -> Trajectory:
    """Run an order-up-to policy with lost sales through every period.

    In each period: orders due arrive; demand is served from stock; at the end of every `review_period`-th
    period each item is ordered up to its level, less on_hand and on_order, rounded by `round_order`. An order
    placed at the end of period t arrives at the start of period t + lead_time + 1.

    Args:
        demand: units, [N, P].
        level: order-up-to level in units, [N, P] (as it stands at the end of each period) or [N].
        lead_time: whole periods, [N].
        review_period: whole periods between two reviews.
        pack_size: units, [N] or one for all.
        minimum: smallest order in units, [N] or one for all.
        maximum: largest order in units, [N] or one for all; None: none.
        initial_on_hand: units, [N]; the level of the first period where it is not given.

    Returns:
        The trajectory of all items.

    Raises:
        ValueError: review_period is less than 1, or a lead time is negative.
    """
    demand = np.asarray(demand, dtype=np.float64)
    items, periods = demand.shape
    lead = np.broadcast_to(np.asarray(lead_time, dtype=np.int64), (items,))
    if review_period < 1 or np.any(lead < 0):
        raise ValueError("review_period must be 1 or more and lead_time 0 or more")
    level = np.asarray(level, dtype=np.float64)
    levels = np.broadcast_to(level[:, None] if level.ndim == 1 else level, demand.shape)

    start = levels[:, 0] if initial_on_hand is None else np.asarray(initial_on_hand, dtype=np.float64)
    on_hand: Floats = np.array(np.broadcast_to(start, (items,)))
    on_order = np.zeros(items)
    due = np.zeros((periods + int(lead.max(initial=0)) + 1, items))
    every = np.arange(items)
    # Period first, so that each period writes one contiguous row.
    result = {name: np.zeros((periods, items)) for name in Trajectory.__dataclass_fields__}
    for now in range(periods):
        events = step(on_hand, due[now], demand[:, now])
        on_hand, on_order = events.on_hand, on_order - due[now]
        for name, value in vars(events).items():
            result[name][now] = value
        result["on_order"][now] = on_order
        if (now + 1) % review_period == 0:
            order, _ = round_order(levels[:, now] - on_hand - on_order, pack_size, minimum, maximum)
            due[now + lead + 1, every] += order
            on_order = on_order + order
            result["orders"][now] = order
    return Trajectory(**{name: value.T for name, value in result.items()})
