"""On which weekdays a store is closed, as a person would tell from its sales."""

from __future__ import annotations

import pandas as pd

WEEKS, USUAL = 8, 0.75
"""A weekday is closed after so many weeks without a sale, on all others of which this share of dates has one."""


def closed_dates(
    sales: pd.DataFrame, dates: list[pd.Timestamp], coming: list[pd.Timestamp]
) -> set[tuple[str, pd.Timestamp]]:
    """Stores and dates, as is known at the end of each date; of those to come as is known on the last one."""
    found: set[tuple[str, pd.Timestamp]] = set()
    for store, mine in sales.groupby("store_id"):
        sold = set(mine.date[mine.units_sold > 0])
        known = {date: _closed_weekdays(sold, date, dates[0]) for date in dates}
        found |= {(str(store), date) for date in dates if date.dayofweek in known[date]}
        found |= {(str(store), date) for date in coming if date.dayofweek in known[dates[-1]]}
    return found


def _closed_weekdays(sold: set[pd.Timestamp], until: pd.Timestamp, first: pd.Timestamp) -> set[int]:
    """Weekdays without a sale for some weeks up to a date, where others hardly miss one."""
    dates = pd.date_range(until - pd.Timedelta(days=7 * WEEKS - 1), until)
    frame = pd.DataFrame({"date": dates, "sold": [date in sold for date in dates]})
    frame["weekday"] = frame.date.dt.dayofweek
    sales = frame.groupby("weekday").sold.sum()
    if frame.sold[frame.weekday.map(sales) > 0].mean() < USUAL:
        return set()
    oldest = frame.groupby("weekday").date.min()
    return {int(day) for day in sales.index if sales[day] == 0 and oldest[day] >= first}
