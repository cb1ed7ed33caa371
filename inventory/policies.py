"""The policies that the models are compared with, and order-up-to levels from whatever source."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats
from inventory.simulation import Review
from inventory.suppliers.order_days import WEEK

LOOK_BACK = 1
"""Review periods before the first one whose sales a policy may be told of."""


def look_back(review_period: int, order_days: bool) -> int:
    """The same in periods.

    Args:
        review_period: R.
        order_days: whether some items have order days of their own, which lie a week apart at most.
    """
    return LOOK_BACK * (max(review_period, WEEK) if order_days else review_period)


class OrderUpTo:
    """Orders up to a level, less what is on hand and on order (Snyder and Shen, section 4.3), within a largest order.

    With the latter it is the capped base stock of Xin (2021), Operations Research 69.
    """

    def __init__(self, levels: ArrayLike, largest: ArrayLike = np.inf) -> None:
        """Args: levels, largest: units, [N], or [N, reviews] with the k-th review's in column k."""
        self._levels = np.asarray(levels, dtype=np.float64)
        self._largest = np.asarray(largest, dtype=np.float64)

    def need(self, review: Review) -> Floats:
        wanted = _at(self._levels, review) - review.on_hand - review.on_order
        return np.minimum(wanted, _at(self._largest, review))


class ReorderPoint:
    """(s, S): once the position is at or below s, orders up to S (Scarf 1960)."""

    def __init__(self, reorder_point: ArrayLike, order_up_to: ArrayLike) -> None:
        """Each [N], or [N, reviews] with the k-th review's in column k, in units.

        Raises:
            ValueError: an order-up-to level lies below its reorder point, or one of the two is no number.
        """
        self._s = np.asarray(reorder_point, dtype=np.float64)
        self._upper = np.asarray(order_up_to, dtype=np.float64)
        if not np.all(self._upper >= self._s):
            raise ValueError(
                "s and S must be numbers, and the order-up-to level S not below the reorder point s"
            )

    def need(self, review: Review) -> Floats:
        position = review.on_hand + review.on_order
        upper = _at(self._upper, review)
        return np.where(position <= _at(self._s, review), upper - position, 0.0)


class LastSales:
    """Orders what was sold since the last review: what a shop does that only fills up its shelves."""

    def __init__(self, before: ArrayLike) -> None:
        """Args: before: units sold in the periods before the first one, as many as lie between two reviews, [N, B]."""
        self._before = np.asarray(before, dtype=np.float64)

    def need(self, review: Review) -> Floats:
        sales = np.concatenate([self._before, review.sales], axis=1)
        since = np.broadcast_to(review.since, len(sales))
        ago = np.arange(sales.shape[1], 0, -1)
        sold: Floats = np.where(ago <= since[:, None], sales, 0.0).sum(axis=1)
        return sold


def _at(levels: Floats, review: Review) -> Floats:
    if levels.ndim != 2:
        return levels
    if review.number >= levels.shape[1]:
        raise ValueError(
            f"there are levels for {levels.shape[1]} reviews, none for the one at the end of period {review.period}"
        )
    return levels[:, review.number]
