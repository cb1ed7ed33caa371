"""The weekdays on which a supplier takes orders, and how far they lie apart.

They are one number a supplier: the sum of 2^k, Monday k = 0; 0 where any day will do. An order is placed at the end of
such a day, and serves the days from its arrival to that of the order of the next such day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Flags, Integers
from contracts.dates import weekday

ANY_DAY = 0
WEEK = 7
_DAYS = np.arange(1, WEEK + 1)


def takes_orders(order_weekdays: ArrayLike, day: ArrayLike) -> Flags:
    """Whether orders are taken at the end of a day, broadcast shape; always where any day will do.

    Args:
        order_weekdays: sums of 2^k.
        day: days since 1970-01-01.
    """
    taken = np.asarray(order_weekdays, dtype=np.int64)
    return np.asarray((taken == ANY_DAY) | (taken >> weekday(np.asarray(day, dtype=np.int64)) & 1 > 0))


def days_to_next(order_weekdays: ArrayLike, day: ArrayLike, otherwise: ArrayLike) -> Integers:
    """Days from the end of a day to that of the next one on which orders are taken, 1 to 7, broadcast shape.

    Args:
        order_weekdays, day: as of ``takes_orders``.
        otherwise: where any day will do.
    """
    return _steps(order_weekdays, day, otherwise, 1)


def days_since_last(order_weekdays: ArrayLike, day: ArrayLike, otherwise: ArrayLike) -> Integers:
    """The same back to the one before."""
    return _steps(order_weekdays, day, otherwise, -1)


def longest_gap(order_weekdays: ArrayLike, otherwise: ArrayLike) -> Integers:
    """The most days from one order day to the next, 1 to 7, broadcast shape; ``otherwise`` where any day will do."""
    taken = np.asarray(order_weekdays, dtype=np.int64)
    gaps = days_to_next(taken[..., None], np.arange(WEEK), 0).max(axis=-1)
    return np.where(taken == ANY_DAY, np.asarray(otherwise, dtype=np.int64), gaps)


def _steps(order_weekdays: ArrayLike, day: ArrayLike, otherwise: ArrayLike, sign: int) -> Integers:
    taken, days = (np.asarray(values, dtype=np.int64)[..., None] for values in (order_weekdays, day))
    steps = (taken >> weekday(days + sign * _DAYS) & 1).argmax(axis=-1) + 1
    return np.where(taken[..., 0] == ANY_DAY, np.asarray(otherwise, dtype=np.int64), steps)
