"""Policies in closed loop: what each of them orders changes the stock that it sees next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Flags, Floats, Integers
from inventory.periods import step
from inventory.rounding import round_order
from inventory.shelf.aging import Ages
from inventory.shelf.capacity import stock_on_arrival, within_capacity
from inventory.suppliers.schedule import Schedule
from inventory.suppliers.worth import Worth


@dataclass(frozen=True)
class Review:
    """What a planner knows when the items are reviewed.

    Attributes:
        number: which review this is, from 0.
        period: the period at whose end it takes place; -1 is the one before the first.
        on_hand: units left at its end, [N].
        on_order: units ordered and not yet arrived, [N].
        arriving: the same by when they arrive, [N, K]: column k at the start of period ``period`` + 1 + k.
        sales: units sold so far, [N, period + 1].
        own: which items are reviewed, [N] or one for all.
        cycle, since: periods until an item's next review, and from its last one; [N] or one for all.
    """

    number: int
    period: int
    on_hand: Floats
    on_order: Floats
    arriving: Floats
    sales: Floats
    own: Flags | bool = True
    cycle: Integers | int = 1
    since: Integers | int = 1


class Policy(Protocol):
    """Decides how much is needed; packs, minimum and maximum are the simulation's business."""

    def need(self, review: Review) -> Floats:
        """Units needed at a review, [N]; 0 or less orders nothing. Of items that are not reviewed it is not asked."""


@dataclass(frozen=True)
class Supply:
    """How items are delivered; [N] or one for all.

    Attributes:
        lead_time: whole periods.
        pack_size, minimum, maximum: units, as of ``round_order``.
        capacity: units that the shelf holds, NaN: any; None: that of all.
        usual_sales: units a period that are taken to leave the shelf until an order arrives; asked for with a capacity.
        shelf_life: whole periods, 1 or more, NaN: for good; None: that of all.
        worth: what the orders that items are of must be worth together; None: their suppliers take any.
    """

    lead_time: ArrayLike
    pack_size: ArrayLike = 1.0
    minimum: ArrayLike = 0.0
    maximum: ArrayLike | None = None
    capacity: ArrayLike | None = None
    usual_sales: ArrayLike = 0.0
    shelf_life: ArrayLike | None = None
    worth: Worth | None = None

    def largest(self, review: Review, lead_time: Integers) -> ArrayLike | None:
        """The largest orders at a review, by maximum and shelf."""
        if self.capacity is None:
            return self.maximum
        sales = np.broadcast_to(np.asarray(self.usual_sales, np.float64), lead_time.shape)[:, None]
        there = stock_on_arrival(
            review.on_hand, review.arriving, sales, lead_time, self.shelf_life, review.since
        )
        return within_capacity(self.maximum, self.capacity, there)


@dataclass(frozen=True)
class Trajectory:
    """What a policy did over P periods; every field but order_at_cutoff is [N, P], in units."""

    available: Floats
    sales: Floats
    unserved: Floats
    on_hand: Floats
    on_order: Floats  # at the end of the period, before this period's review adds to it
    orders: Floats
    order_at_cutoff: Floats  # ordered at the end of the period before the first, [N]
    wasted: Floats | None = None  # expired at the end of the period, and no more on hand; None: nothing can


def spread_open_orders(
    units: ArrayLike, latest: Integers, lead_time: Integers, review_period: Integers | int, columns: int
) -> Floats:
    """When orders arrive of which only the sum is known: in equal parts, of the reviews before that can still be open.

    Args:
        units: on their way, [N].
        latest: periods until an order placed when they were told would arrive, from 0 for the next one, [N].
        lead_time: L, [N]; an order of m reviews before arrives m R periods sooner, if that is not before the telling.
        review_period: R, [N] or one for all.
        columns: K; beyond, it is all the same when.

    Returns:
        [N, K]: column k arrives at the start of the k-th coming period.
    """
    total = np.asarray(units, dtype=np.float64)
    found = np.zeros((len(total), columns))
    every = np.arange(len(total))
    parts = np.maximum(lead_time // review_period, 1)
    for number in range(1, int(parts.max(initial=0)) + 1):
        column = np.clip(latest - number * review_period, 0, columns - 1)
        found[every, column] += np.where(number <= parts, total / parts, 0.0)
    return found


def units_of(name: str, values: ArrayLike) -> Floats:
    """The values as floats.

    Raises:
        ValueError: one of them is negative or not finite; names the item, which is the index along the first axis.
    """
    units = np.asarray(values, dtype=np.float64)
    wrong = ~(np.isfinite(units) & (units >= 0))
    if wrong.any():
        index = np.argwhere(wrong)[0]
        item = f" of item {index[0]}" if len(index) else ""
        raise ValueError(f"{name}{item} is {units[wrong][0]:g}; it must be a number, 0 or more")
    return units


def whole_periods(lead_time: ArrayLike, items: int) -> Integers:
    """The lead time of each item, [N].

    Raises:
        ValueError: one of them is negative, no number, or not of whole periods.
    """
    lead = np.broadcast_to(units_of("lead_time", lead_time), (items,))
    if np.any(lead % 1):
        raise ValueError(f"lead_time must be whole periods, not {lead[lead % 1 > 0][0]:g}")
    return lead.astype(np.int64)


def simulate(
    demand: ArrayLike,
    policy: Policy,
    supply: Supply,
    review_period: int,
    *,
    initial_on_hand: ArrayLike,
    initial_on_order: ArrayLike | None = None,
    first_review: int | None = None,
    schedule: Schedule | None = None,
) -> Trajectory:
    """Run a policy with lost sales through every period, in the order of events that all rooms share.

    In each period: orders due arrive; demand is served from stock, the oldest units first; what expires is wasted; at a
    review each item's need is rounded by
    ``round_order``, within what the shelf has room for, and ordered, unless its supplier does not take so little. An
    order placed at the end of period t arrives at
    the start of period t + lead_time + 1.

    Args:
        demand: units, [N, P].
        policy: what is needed.
        supply: lead times and order bounds.
        review_period: whole periods between two reviews.
        initial_on_hand: units at the end of the period before the first, [N].
        initial_on_order: units on their way then, [N, K]: column k arrives at the start of period k.
        first_review: period of the first review, -1 or more; review_period - 1 where it is not given.
        schedule: of the reviews, where items differ in theirs; in place of the two that say it for all.

    Returns:
        The trajectory of all items.

    Raises:
        ValueError: units are negative or no number, a time is impossible, a shelf life is less than a period, or a
            bound is one that ``round_order`` refuses.
    """
    demand = units_of("demand", demand)
    items, periods = demand.shape
    lead = whole_periods(supply.lead_time, items)
    first = review_period - 1 if first_review is None else first_review
    schedule = schedule or Schedule.regular(items, periods, review_period, first)
    reviews = {now: k for k, now in enumerate(schedule.periods)}

    on_hand: Floats = np.array(np.broadcast_to(units_of("initial_on_hand", initial_on_hand), (items,)))
    coming = (
        np.zeros((items, 0)) if initial_on_order is None else units_of("initial_on_order", initial_on_order)
    )
    due = np.zeros((max(periods + int(lead.max(initial=0)) + 1, coming.shape[1]), items))
    due[: coming.shape[1]] += coming.T
    on_order: Floats = due.sum(axis=0)
    every = np.arange(items)
    # Period first, so that each period writes one contiguous row.
    result = {name: np.zeros((periods, items)) for name in _ALWAYS}
    at_cutoff = np.zeros(items)
    apart = schedule.since[:, 0] if schedule.periods else np.full(items, review_period)
    ages = None if supply.shelf_life is None else Ages.of(on_hand, supply.shelf_life, apart)
    if ages is not None:
        result["wasted"] = np.zeros((periods, items))
    for now in range(-1, periods):
        if now >= 0:
            events = step(on_hand, due[now], demand[:, now])
            on_hand, on_order = events.on_hand, on_order - due[now]
            for name, value in vars(events).items():
                result[name][now] = value
            if ages is not None:
                some = ages.items
                on_hand[some], result["wasted"][now, some] = ages.live(due[now, some], demand[some, now])
                result["on_hand"][now] = on_hand
            result["on_order"][now] = on_order
        if now in reviews:
            sales = result["sales"][: now + 1].T
            k = reviews[now]
            own = schedule.own[:, k]
            times = schedule.cycle[:, k], schedule.since[:, k]
            seen = Review(k, now, on_hand, on_order, due[now + 1 :].T, sales, own, *times)
            most = supply.largest(seen, lead)
            need = np.where(own, policy.need(seen), 0.0)
            order, _ = round_order(need, supply.pack_size, supply.minimum, most)
            if supply.worth is not None:
                order = supply.worth.taken(order)
            due[now + lead + 1, every] += order
            on_order = on_order + order
            if now < 0:
                at_cutoff = order
            else:
                result["orders"][now] = order
    found = {name: value.T for name, value in result.items()}
    return Trajectory(**found, order_at_cutoff=at_cutoff)


_ALWAYS = ("available", "sales", "unserved", "on_hand", "on_order", "orders")
