"""Dates as numbers: days since 1970-01-01, as rows and models hold them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import SupportsInt, TypeVar

from contracts.arrays import Integers

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_Days = TypeVar("_Days", int, Integers)


def to_days(day: date) -> int:
    """Days from 1970-01-01 to a date; before it they are negative."""
    return (day - EPOCH).days


def to_date(days: SupportsInt) -> date:
    """The date that lies so many days after 1970-01-01."""
    return EPOCH + timedelta(days=int(days))


def weekday(days: _Days) -> _Days:
    """0 Monday .. 6 Sunday of days since 1970-01-01, which was a Thursday."""
    return (days + 3) % 7
