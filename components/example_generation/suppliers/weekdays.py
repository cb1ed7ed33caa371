"""Weekdays as people write them: `Mon Thu`, `monday, thursday`, `Mon-Fri`, `1 4`."""

from __future__ import annotations

import re

from contracts.dates import WEEKDAYS

_BETWEEN = re.compile(r"[\s,;/+&|]+")
_RANGE = re.compile(r"\s*(?:-|\u2013)\s*")
_LETTERS = 2
"""By so many one weekday is told from another."""


def weekdays_of(text: str) -> int | None:
    """The weekdays that a text names, as the sum of 2^k, Monday k = 0; None where it names none, or another word.

    Names in English, whole or their first letters; or ISO numbers, 1 for Monday.
    """
    found = 0
    for word in _BETWEEN.split(_RANGE.sub("-", text.strip())):
        ends = [_weekday(part) for part in word.split("-")]
        if len(ends) > 2 or any(end is None for end in ends):
            return None
        first, last = ends[0], ends[-1]
        assert first is not None and last is not None
        # Saturday to Monday is three days.
        for day in range(first, first + (last - first) % 7 + 1):
            found |= 1 << day % 7
    return found


def words_of(weekdays: int) -> str:
    """The same for people to read."""
    return " ".join(name[:3] for k, name in enumerate(WEEKDAYS) if weekdays >> k & 1)


def _weekday(word: str) -> int | None:
    if word in "1234567" and len(word) == 1:
        return int(word) - 1
    if len(word) < _LETTERS:
        return None
    return next((k for k, name in enumerate(WEEKDAYS) if name.casefold().startswith(word.casefold())), None)
