"""Texts that are dates, as people and their tools write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.dates import to_days

Order = Literal["day_first", "month_first"]
Fault = Literal["impossible_date", "date_not_iso", "ambiguous_date", "mixed_dates"]

LAST_DAY = to_days(date(2199, 12, 31))
_SERIAL_ZERO = to_days(date(1899, 12, 30))
SERIALS = range(20_000, 80_000)
"""Excel's numbers of days, of the years 1954 to 2119; no other date is written so."""
NUMBERED = range(1970_01_01, 2199_12_31 + 1)
"""Dates written as one number, such as 20240131."""

_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{2}|(?<=[-/.])\d)\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d*))?")
CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[aApP]\.?[mM]\.?)?"
ZONE = r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?"
MIDNIGHT = r"00?:00(?::00(?:[.,]0+)?)?|12:00(?::00)? ?[aA]\.?[mM]\.?|00?:00(?::00)? ?[aA][mM]"
"""Times of day, and those that are midnight: patterns that Arrow reads as Python does."""
_TIME = re.compile(rf"(?:[T ] *|(?<=\d{{4}}), ?)({CLOCK}) ?({ZONE})?(?: UTC)?$")
_MIDNIGHT = re.compile(MIDNIGHT)
_FORMULA = re.compile(r'="(.*)"')


@dataclass(frozen=True)
class Read:
    """A text that was taken for a date: its day since 1970-01-01, or why it is none; and how it was written."""

    day: int | None
    fault: Fault | None = None
    serial: bool = False
    year_last: bool = False
    zone: bool = False
    timed: bool = False  # it has a time of day, other than midnight


def tidy(text: str) -> str:
    """Without blanks around it and a formula's `="..."`."""
    text = text.strip()
    found = _FORMULA.fullmatch(text)
    return found[1].strip() if found else text


def year_last(text: str) -> tuple[int, int] | None:
    """The two numbers before the year, of a date such as 31/01/2024."""
    found = _YEAR_LAST.fullmatch(_TIME.sub("", text))
    return (int(found[1]), int(found[3])) if found else None


def is_year_first(text: str) -> bool:
    """Is it a date such as 2024-01-31?"""
    return _YEAR_FIRST.fullmatch(_TIME.sub("", text)) is not None


def read_date(text: str, order: Order | None, mixed: bool) -> Read:
    """One text.

    Args:
        text: tidy.
        order: of dates that end with the year; None: nothing tells.
        mixed: where nothing tells, whether that is because the file writes its dates in two ways.
    """
    time = _TIME.search(text)
    timed = time is not None and not _MIDNIGHT.fullmatch(time[1])
    zone = time is not None and bool(time[2])
    text = _TIME.sub("", text)
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        day = _day(int(found[1]), int(found[3]), int(found[4]))
        return Read(day, None if day is not None else "impossible_date", zone=zone, timed=timed)
    found = _YEAR_LAST.fullmatch(text)
    if found and order is None:
        return Read(None, "mixed_dates" if mixed else "ambiguous_date", year_last=True)
    if found:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        month, day_of_month = (second, first) if order == "day_first" else (first, second)
        day = _day(year, month, day_of_month)
        fault: Fault | None = None if day is not None else "impossible_date"
        return Read(day, fault, year_last=True, zone=zone, timed=timed)
    found = _SERIAL.fullmatch(text)
    if found and time is None and int(found[1]) in SERIALS:
        return Read(serial_day(int(found[1])), serial=True, timed=bool((found[2] or "").strip("0")))
    return Read(None, "date_not_iso")


def serial_day(number: int) -> int:
    """Days since 1970-01-01 of one of Excel's numbers."""
    return number + _SERIAL_ZERO


def numbered_day(number: int) -> int | None:
    """Days since 1970-01-01 of a date such as 20240131; None where there is no such date."""
    return _day(number // 10_000, number // 100 % 100, number % 100)


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return to_days(date(year, month, day))
    except ValueError:
        return None
