"""What one order costs in the cycle that it serves, along the demand that came, with lost sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers
from inventory.forecast_plan import Terms, cycles_along


@dataclass(frozen=True)
class Outcome:
    """Of the periods from an order's arrival to the next one's, each [N].

    Attributes:
        left: units left at a period's end, summed over the periods: what holding is paid for.
        lost: units not served.
        demanded: units.
    """

    left: Floats
    lost: Floats
    demanded: Floats

    def cost(self, holding_cost: Floats, shortage_cost: Floats) -> Floats:
        """Money, [N]: h a unit and period for what is left, p a unit for what is not served."""
        return np.asarray(holding_cost * self.left + shortage_cost * self.lost)


def outcome(
    demand: Floats, on_hand: Floats, quantity: Floats, lead_time: ArrayLike, review_period: ArrayLike
) -> Outcome:
    """The cycle of an order beside which nothing is on its way.

    With W_j the units that have arrived less those demanded up to period j, what is lost by then is the most by which
    W has been below what was on hand, and the rest is left (the reflection of Lindley 1952).

    Args:
        demand: units of the coming periods, [N, H]; those beyond the horizon are taken as 0.
        on_hand: units at the end of the period of the review, [N].
        quantity: units ordered, [N].
        lead_time: L, whole periods; the order is there at the start of period L + 1. [N] or one for all.
        review_period: R, whole periods.
    """
    period = np.arange(demand.shape[1])[None, :]
    lead, review = (np.reshape(np.asarray(value), (-1, 1)) for value in (lead_time, review_period))
    net = np.cumsum(np.where(period == lead, quantity[:, None], 0.0) - demand, axis=1)
    lost = np.maximum(-on_hand[:, None] - np.minimum.accumulate(net, axis=1), 0.0)
    left = on_hand[:, None] + net + lost
    inside = (period >= lead) & (period < lead + review)
    return Outcome(
        (left * inside).sum(axis=1),
        (np.diff(lost, axis=1, prepend=0.0) * inside).sum(axis=1),
        (demand * inside).sum(axis=1),
    )


def first_shelf(forecast: Floats, lead_time: ArrayLike) -> Floats:
    """The shelf from which orders are compared window by window: what a plain forecast sells until they arrive, [N].

    Args:
        forecast: units of the coming periods, [N, H].
        lead_time: L, whole periods, [N] or one for all.
    """
    lead = np.reshape(np.asarray(lead_time), (-1, 1))
    return np.asarray((forecast * (np.arange(forecast.shape[1]) < lead)).sum(axis=1))


def one_order(
    demand: Floats,
    forecast: Floats,
    level: Floats,
    largest: ArrayLike,
    lead_time: ArrayLike,
    review_period: ArrayLike,
) -> tuple[Floats, Outcome]:
    """The order of each window from ``first_shelf``, units, [N], and its cycle: what policies are compared by.

    Args:
        demand, forecast: units of the coming periods, [N, H]; the latter is what the shelf is for.
        level, largest: up to what is ordered, and at most how much, units, [N].
        lead_time, review_period: as of ``outcome``.
    """
    shelf = first_shelf(forecast, lead_time)
    order = capped_order(level, largest, shelf)
    return order, outcome(demand, shelf, order, lead_time, review_period)


def capped_order(level: Floats, largest: ArrayLike, on_hand: Floats) -> Floats:
    """Units up to the level, at most the largest order, [N]."""
    return np.minimum(np.maximum(level - on_hand, 0.0), largest)


def realised_cost(
    demand: Floats, on_hand: Floats, quantity: Floats, terms: Terms, review_period: Integers
) -> Floats:
    """Holding, shortage and waste between the arrivals of these orders and of the next ones, money, [N].

    Nothing else is on its way. Units that expire after the cycle are taken to meet the same demand again.

    Args:
        demand: units of the coming periods, [N, H]; of each item those of its protection interval count.
        on_hand: units when they are ordered, [N].
        quantity: units ordered, [N].
        terms: of the items.
        review_period: R, periods, [N].
    """
    cost = np.zeros(len(quantity))

    def paths(items: Integers, interval: int) -> Floats:
        return demand[items, None, :interval]

    for items, cycle in cycles_along(paths, on_hand, np.zeros((len(cost), 0)), terms, review_period):
        cost[items] = cycle.cost(quantity[items])
    return cost
