"""Which origins belong to which split. Dates are days since 1970-01-01, an origin is the last date seen."""

from __future__ import annotations

import numpy as np

from components.windowing.options import WindowOptions
from contracts.arrays import Integers
from contracts.splits import EVAL, TEST, TRAIN
from inventory.suppliers.order_days import ANY_DAY, takes_orders

SPLITS = (TRAIN, EVAL, TEST)
"""Those with labels for each of which something is trained or judged."""


def cutoff_of_test(last_date: int, options: WindowOptions, period_days: int) -> int:
    """The forecast origin that the test period is held out from: the last date before it."""
    return last_date - options.test_periods * period_days


def split_borders(
    last_date: int, options: WindowOptions, period_days: int
) -> dict[str, tuple[int | None, int]]:
    """For each split, the dates (first exclusive or None, last inclusive) its label windows must lie within."""
    cutoff = cutoff_of_test(last_date, options, period_days)
    eval_start = cutoff - options.eval_periods * period_days
    return {TRAIN: (None, eval_start), EVAL: (eval_start, cutoff), TEST: (cutoff, last_date)}


def origins(
    split: str, first_date: int, last_date: int, options: WindowOptions, period_days: int
) -> Integers:
    """Origins of a split, ascending, int64.

    They are counted back from the split's last date, so that the newest label window is always used. The first
    training origin leaves ``minimum_history`` periods from ``first_date`` on. Those of training whose stride is longer
    than a review come in groups of ``train_reviews``, a review apart; there are as many as if they did not.
    """
    after, until = split_borders(last_date, options, period_days)[split]
    newest = until - options.horizon * period_days
    oldest = first_date + (options.minimum_history - 1) * period_days
    if after is not None:
        oldest = max(oldest, after)
    stride, group = (
        (options.train_stride, options.train_reviews) if split == TRAIN else (options.eval_stride, 1)
    )
    if stride <= options.review_period:
        group = 1
    starts = np.arange(0, (newest - oldest) // period_days + 1, group * stride)
    back = (starts[:, None] + options.review_period * np.arange(group)).reshape(-1)
    found = newest - period_days * np.sort(back)[::-1].astype(np.int64)
    return found[found >= oldest]


def by_review(origins: Integers, options: WindowOptions, period_days: int) -> Integers:
    """The same origins, each right behind the one a review before it, where that is among them.

    Windows written in this order are a series' reviews one after the other.
    """
    return np.asarray(origins[np.lexsort((origins, origins // period_days % options.review_period))])


def refit_origins(last_date: int, options: WindowOptions, period_days: int) -> Integers:
    """Origins of the refit split, ascending, int64: every ``newest_stride`` periods back from the cutoff.

    The oldest is the first whose label window reaches into the eval split, the newest leaves it one period.
    """
    cutoff = cutoff_of_test(last_date, options, period_days)
    oldest = cutoff - (options.eval_periods + options.horizon - 1) * period_days
    return np.arange(cutoff - period_days, oldest - 1, -options.newest_stride * period_days, dtype=np.int64)[
        ::-1
    ]


def decision_origins(
    last_date: int, options: WindowOptions, period_days: int, order_weekdays: int = ANY_DAY
) -> Integers:
    """Origins of the decision points, ascending, int64: the cutoff, then every ``review_period`` periods.

    The last one leaves at least one period of the test period.

    Args:
        order_weekdays: all those on which some supplier takes orders (``inventory.suppliers.order_days``); days on
            which one does are origins too.
    """
    cutoff = cutoff_of_test(last_date, options, period_days)
    return _reviews(cutoff, last_date, options, period_days, order_weekdays)


def choice_origins(
    last_date: int, options: WindowOptions, period_days: int, order_weekdays: int = ANY_DAY
) -> Integers:
    """Origins of the choice points, ascending, int64: the same over the eval period."""
    after, cutoff = split_borders(last_date, options, period_days)[EVAL]
    assert after is not None
    return _reviews(after, cutoff, options, period_days, order_weekdays)


def _reviews(
    first: int, last: int, options: WindowOptions, period_days: int, order_weekdays: int
) -> Integers:
    regular = np.arange(first, last, options.review_period * period_days, dtype=np.int64)
    if order_weekdays == ANY_DAY:
        return regular
    days = np.arange(first, last, dtype=np.int64)
    return np.union1d(regular, days[takes_orders(order_weekdays, days)])
