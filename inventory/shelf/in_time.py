"""No more is ordered than is expected to be sold while it keeps: of policies that know no better."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers
from inventory.shelf.capacity import stock_on_arrival
from inventory.simulation import Policy, Review


def sold_in_time(sales: Floats, lead_time: Integers, shelf_life: Floats, there: Floats) -> Floats:
    """Units of an order placed now that are expected to be sold before they expire, [N]; infinite: it keeps for good.

    Args:
        sales: units expected to be asked for in each coming period, [N, H]; beyond, they are gone through again.
        lead_time: L, periods, [N].
        shelf_life: F, periods, [N]; NaN: for good.
        there: units that lie there when the order arrives, which are sold first, [N].
    """
    expires = np.isfinite(shelf_life)
    life = np.where(expires, shelf_life, 0.0).astype(np.int64)
    total, horizon, every = np.zeros(len(there)), sales.shape[1], np.arange(len(there))
    whole, rest = np.divmod(life, horizon)
    for step in range(horizon):
        times = whole + (step < rest)
        total += times * sales[every, (lead_time + step) % horizon]
    return np.where(expires, np.maximum(total - there, 0.0), np.inf)


class InTime:
    """Orders as another policy, and no more than is usually sold while it keeps."""

    def __init__(
        self, policy: Policy, lead_time: Integers, shelf_life: ArrayLike, usual_sales: Floats
    ) -> None:
        """Args: usual_sales: units a period, [N]; where it is 0, nothing is known of them."""
        self._policy = policy
        self._lead = lead_time
        self._life = np.asarray(shelf_life, dtype=np.float64)
        self._sales = usual_sales[:, None]

    def need(self, review: Review) -> Floats:
        there = stock_on_arrival(
            review.on_hand, review.arriving, self._sales, self._lead, self._life, review.since
        )
        most = sold_in_time(self._sales, self._lead, self._life, there)
        return np.minimum(self._policy.need(review), np.where(self._sales[:, 0] > 0, most, np.inf))
