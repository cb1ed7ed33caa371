"""Which items are reviewed when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.arrays import Flags, Integers
from inventory.suppliers.order_days import ANY_DAY, days_since_last, days_to_next, takes_orders


def review_periods(periods: int, review_period: int, first_review: int) -> list[int]:
    """The periods at whose end items are reviewed; -1 is the one before the first.

    The last period has no review: nothing could come of it.

    Raises:
        ValueError: review_period is less than 1, or the first review comes before period -1.
    """
    if review_period < 1 or first_review < -1:
        raise ValueError("review_period must be 1 or more and first_review -1 or more")
    return list(range(first_review, periods - 1, review_period))


@dataclass(frozen=True)
class Schedule:
    """The reviews of N items over some periods.

    Attributes:
        periods: at whose end any item is reviewed, K, rising; -1 is the one before the first.
        own: which items are, [N, K].
        cycle: periods from a review to the item's next one, [N, K].
        since: periods from the item's last one, [N, K].
    """

    periods: list[int]
    own: Flags
    cycle: Integers
    since: Integers

    @classmethod
    def regular(cls, items: int, periods: int, review_period: int, first_review: int) -> Schedule:
        """All items every R periods.

        Raises: as ``review_periods``.
        """
        found = review_periods(periods, review_period, first_review)
        shape = items, len(found)
        cycle = np.broadcast_to(np.int64(review_period), shape)
        return cls(found, np.broadcast_to(np.True_, shape), cycle, cycle)

    @classmethod
    def of(
        cls,
        order_weekdays: Integers,
        day: int,
        periods: int,
        review_period: int,
        reviews: list[int] | None = None,
    ) -> Schedule:
        """Items of daily data on the order days of their suppliers; where any day will do, as ``regular`` from -1 on.

        Args:
            order_weekdays: of each item, [N], as of ``inventory.suppliers.order_days``.
            day: of the period before the first, days since 1970-01-01.
            periods: P.
            review_period: R, of the items that any day will do for.
            reviews: periods at whose end others are reviewed too; None: no others.
        """
        regular = cls.regular(len(order_weekdays), periods, review_period, -1)
        if not (order_weekdays != ANY_DAY).any() and reviews in (None, regular.periods):
            return regular
        every = np.arange(-1, periods - 1) if reviews is None else np.array(reviews, dtype=np.int64)
        days = day + every + 1
        bound = (order_weekdays != ANY_DAY)[:, None]
        own = np.where(bound, takes_orders(order_weekdays[:, None], days), np.isin(every, regular.periods))
        some = own.any(axis=0) | (reviews is not None)
        some[:1] = True  # what is known at the beginning is known of all items
        cycle, since = (
            apart(order_weekdays[:, None], days[some], review_period)
            for apart in (days_to_next, days_since_last)
        )
        return cls(every[some].tolist(), own[:, some], cycle, since)
