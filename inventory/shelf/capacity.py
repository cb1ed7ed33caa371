"""A shelf holds so much: an order is no larger than what there is room for when it arrives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers
from inventory.shelf.aging import Ages


def stock_on_arrival(
    on_hand: Floats,
    arriving: Floats,
    sales: Floats,
    lead_time: Integers,
    shelf_life: ArrayLike | None = None,
    apart: ArrayLike = 1,
) -> Floats:
    """Units that are expected to lie on the shelf when an order placed now arrives, without it, [N].

    The stock is carried forward period by period, and what is not there is not sold. What arrives after the order is
    taken to lie there too, so that it finds its room.

    Args:
        on_hand: units at the end of the period of the review, [N].
        arriving: units on their way, [N, K]: column k arrives at the start of the k-th coming period.
        sales: units expected to be asked for in each coming period, [N, H]; beyond, they are gone through again.
        lead_time: L, periods, [N].
        shelf_life: periods, [N]; NaN: for good; None: all of them. What expires meanwhile is gone.
        apart: periods between two orders, [N] or one for all, by which ages are told.
    """
    left = np.array(on_hand, dtype=np.float64)
    ages = None if shelf_life is None else Ages.of(left, shelf_life, np.broadcast_to(apart, left.shape))
    for period in range(int(lead_time.max(initial=0))):
        before = period < lead_time
        came = arriving[:, period] if period < arriving.shape[1] else 0.0
        asked = sales[:, period % sales.shape[1]]
        after = np.maximum(left + came - asked, 0.0)
        if ages is not None:
            after[ages.items], _ = ages.live(np.broadcast_to(came, left.shape)[ages.items], asked[ages.items])
        left = np.where(before, after, left)
    later = np.arange(arriving.shape[1]) >= lead_time[:, None]
    return np.asarray(left + (arriving * later).sum(axis=1))


def within_capacity(maximum: ArrayLike | None, capacity: ArrayLike, there: ArrayLike) -> Floats:
    """The largest order that maximum and shelf allow, units, [N]; NaN: any.

    Args:
        maximum: of the supplier, units; None or NaN: none.
        capacity: units that the shelf holds; NaN: any.
        there: units that lie on it when the order arrives, of ``stock_on_arrival``.
    """
    room = np.maximum(np.asarray(capacity, np.float64) - np.asarray(there, np.float64), 0.0)
    return np.asarray(np.fmin(np.nan if maximum is None else np.asarray(maximum, np.float64), room))
