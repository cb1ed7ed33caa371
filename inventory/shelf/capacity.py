"""A shelf holds so much: an order is no larger than what there is room for when it arrives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers


def stock_on_arrival(on_hand: Floats, arriving: Floats, sales: Floats, lead_time: Integers) -> Floats:
    """Units that are expected to lie on the shelf when an order placed now arrives, without it, [N].

    The stock is carried forward period by period, and what is not there is not sold. What arrives after the order is
    taken to lie there too, so that it finds its room.

    Args:
        on_hand: units at the end of the period of the review, [N].
        arriving: units on their way, [N, K]: column k arrives at the start of the k-th coming period.
        sales: units expected to be asked for in each coming period, [N, H]; beyond, they are gone through again.
        lead_time: L, periods, [N].
    """
    left = np.array(on_hand, dtype=np.float64)
    for period in range(int(lead_time.max(initial=0))):
        before = period < lead_time
        came = arriving[:, period] if period < arriving.shape[1] else 0.0
        left = np.where(before, np.maximum(left + came - sales[:, period % sales.shape[1]], 0.0), left)
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
