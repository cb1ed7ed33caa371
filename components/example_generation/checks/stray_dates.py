"""Mistyped dates: a few rows that a gap cuts off from all others."""

from __future__ import annotations

import numpy as np

from contracts.arrays import Integers

_FEW = 0.01
"""Largest share of a file's rows that a slip of the pen makes up."""
_ENOUGH = 20
"""Rows for each stray one, at least: a handful of rows has no body that another could stray from."""
_BODY_DAYS = 14
_THIN = 0.25
"""Of the rows that a date usually has: a real day, be it the first after a closure, has more than a mistyped one."""
_USUAL_GAPS = 0.98
_TIMES = 3
_LONG_BODY_DAYS = 60
_HARDLY = 1 / 8
"""Of the rows that a date usually has: so few after a gap longer than any in a long body are no day of business."""
_AHEAD_PERIODS, _AHEAD_PERIODS_HARDLY = 3, 1
_BACK_DAYS = 60
_SPARSE_DAYS, _SPARSE_TIMES = 180, 10


def stray_days(days: Integers, rows: Integers, period_days: int) -> Integers:
    """Dates that lie apart from the body of all dates, before or after it, out of proportion to the body's own gaps.

    Where dates usually have many rows, such a date has few of them, and lies more than three usual gaps away; with
    hardly any of them, after months of dates, at least twice the longest gap is enough. Where a date has a few rows at
    most, as in a small shop, nothing but the gap tells a slip from a pause: it must be longer than half a year, than
    the body itself, and than ten of its longest gaps.

    Args:
        days: distinct dates, rising, days since 1970-01-01, [N].
        rows: how many rows each has, [N].
        period_days: 1 or 7.

    Returns:
        The stray ones among the dates.
    """
    kept = np.ones(days.size, dtype=bool)
    # A date years back makes the body look long, so that both ends are looked at again after either found some.
    while True:
        before = int(kept.sum())
        ahead = _AHEAD_PERIODS * period_days, _AHEAD_PERIODS_HARDLY * period_days
        for sign, least in ((1, ahead), (-1, (_BACK_DAYS, _BACK_DAYS))):
            order = np.flatnonzero(kept)[::sign]
            apart = _apart(sign * days[order], rows[order], *least)
            kept[order[order.size - apart :]] = False
        if int(kept.sum()) == before:
            return days[~kept]


def _apart(days: Integers, rows: Integers, least: int, least_hardly: int) -> int:
    """How many of the last dates lie apart from those before, after gaps longer than the least, in days."""
    total, usual = int(rows.sum()), float(np.median(rows)) if rows.size else 0.0
    gaps = np.diff(days)
    apart = 0
    for begin in range(days.size - 1, 0, -1):
        count = int(rows[begin:].sum())
        if count > max(1, _FEW * total) or count * _ENOUGH > total:
            break
        gap, inside = gaps[begin - 1], gaps[: begin - 1]
        if inside.size == 0:
            break
        thin = begin >= _BODY_DAYS and rows[begin:].max() <= _THIN * usual
        dense = thin and gap > max(least, _TIMES * np.quantile(inside, _USUAL_GAPS))
        hardly = begin >= _LONG_BODY_DAYS and rows[begin:].max() <= _HARDLY * usual
        dense |= hardly and gap > least_hardly and gap >= 2 * inside.max()
        body = days[begin - 1] - days[0]
        if dense or gap > max(_SPARSE_DAYS, body, _SPARSE_TIMES * inside.max()):
            apart = days.size - begin
    return apart
