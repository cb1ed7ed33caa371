"""How a file writes its numbers and dates, told from all of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.columns import FileContract
from components.example_generation.reading.dialect import FileDialect
from components.example_generation.values import number_forms
from components.example_generation.values.date_forms import Order, is_year_first, tidy, year_last
from components.example_generation.values.number_forms import Decimal
from components.example_generation.values.raw_columns import counted_texts
from components.example_generation.values.times_of_day import cut_times
from contracts.rows import single


@dataclass(frozen=True)
class Notation:
    """What counts for the texts of one file.

    Attributes:
        decimal: the decimal sign; None: nothing tells it, so that 1,234 may be a thousand or one and a bit.
        grouped: the other of the two signs may stand between thousands.
        order: of dates that end with the year; None: nothing tells it.
        mixed: the file writes dates in another way too, or some with the day first and some with the month.
    """

    decimal: Decimal | None
    grouped: bool
    order: Order | None
    mixed: bool


PLAIN = Notation(decimal=".", grouped=True, order=None, mixed=False)
"""Of a file that programs write."""


class LazyNotation:
    """The notation of a file, found only once something asks: plain files are never looked through for it."""

    def __init__(self, find: Callable[[], Notation], plain: bool, placeholders: frozenset[str]) -> None:
        """Start without having looked.

        Args:
            find: looks the file through.
            plain: a text that is a number to every program is that number, unless others tell of decimal commas.
            placeholders: texts that stand for no value, in small letters.
        """
        self._find = find
        self._plain = plain
        self.placeholders = placeholders
        self._found: Notation | None = None

    def __call__(self) -> Notation:
        """The notation."""
        if self._found is None:
            self._found = self._find()
        return self._found

    @property
    def has_commas(self) -> bool:
        """Is it known by now that the file has decimal commas?"""
        return self._found is not None and self._found.decimal == ","

    @property
    def numbers_are_plain(self) -> bool:
        """May numbers be read in bulk, with a decimal point?"""
        return self._found.decimal == "." if self._found is not None else self._plain


@dataclass
class Evidence:
    """How many distinct values of a file tell what: of numbers the decimal sign, or nothing; of dates their order."""

    points: int = 0
    commas: int = 0
    doubtful_points: int = 0
    doubtful_commas: int = 0
    days_first: int = 0
    months_first: int = 0
    doubtful_days: int = 0
    years_first: int = 0


def look_at(tables: Iterable[pa.Table], contract: FileContract) -> Evidence:
    """Looks at every text of a file.

    Args:
        tables: raw columns, block by block.
        contract: the file's declaration; columns that it does not know may be numbers.
    """
    seen = Evidence()
    kinds = {column.name: column.kind for column in contract.columns}
    for table in tables:
        for name in table.column_names:
            kind = kinds.get(name, "number")
            texts = counted_texts(single(table[name])) if kind in ("date", "number") else None
            if texts is not None and kind == "date":
                _look_at_dates(texts[0], seen)
            elif texts is not None:
                _look_at_numbers(texts[0], seen)
    return seen


def find_notation(
    seen: Evidence, others: Callable[[], Iterable[Evidence]], dialect: FileDialect, trust_points: bool
) -> Notation:
    """What a file's values tell, and where they tell nothing what those of its other parts do.

    Args:
        seen: of the file.
        others: of the parts beside it, of which all that tell something must tell the same.
        dialect: what is said by hand.
        trust_points: 1.234 is one and a bit where nothing else tells, as in files of programs.
    """
    decimal, order = _decimal(seen, dialect, trust_points), dialect.dates or _order(seen)
    mixed = seen.years_first > 0 or (seen.days_first > 0 and seen.months_first > 0)
    if decimal is None or (order is None and seen.doubtful_days and not mixed):
        evidence = list(others())
        decimal = decimal or _agreed(
            ".", ",", sum(e.points for e in evidence), sum(e.commas for e in evidence)
        )
        days, months = sum(e.days_first for e in evidence), sum(e.months_first for e in evidence)
        order = order or (None if mixed else _agreed("day_first", "month_first", days, months))
    return Notation(decimal, dialect.thousands not in (" ", "'"), order, mixed)


Choice = TypeVar("Choice", bound=str)


def _agreed(first: Choice, second: Choice, for_first: int, for_second: int) -> Choice | None:
    if bool(for_first) == bool(for_second):
        return None
    return first if for_first else second


def _look_at_numbers(words: pa.Array, seen: Evidence) -> None:
    words = number_forms.tidy(words)
    words = words.filter(number_forms.has_sign(words))
    words = words.filter(pc.invert(number_forms.unmistakable(words)))
    with_point, with_comma = (number_forms.written_with(words, sign) for sign in (".", ","))
    seen.points += _count(pc.and_not(with_point, with_comma))
    seen.commas += _count(pc.and_not(with_comma, with_point))
    both = words.filter(pc.and_(with_point, with_comma))
    seen.doubtful_commas += _count(pc.match_substring(both, ","))
    seen.doubtful_points += _count(pc.match_substring(both, "."))


def _count(mask: pa.Array) -> int:
    return pc.sum(mask).as_py() or 0


def _look_at_dates(words: pa.Array, seen: Evidence) -> None:
    for word in cut_times(words.dictionary_encode()).words.to_pylist():
        text = tidy(word)
        numbers = year_last(text)
        if numbers is None:
            seen.years_first += is_year_first(text)
        else:
            seen.days_first += numbers[0] > 12
            seen.months_first += numbers[1] > 12
            seen.doubtful_days += numbers[0] <= 12 and numbers[1] <= 12


def _decimal(seen: Evidence, dialect: FileDialect, trust_points: bool) -> Decimal | None:
    if dialect.decimal is not None:
        return dialect.decimal
    if dialect.thousands in (",", "."):
        return "." if dialect.thousands == "," else ","
    if seen.points or seen.commas:
        return "." if seen.points >= seen.commas else ","
    doubtful = seen.doubtful_commas or (seen.doubtful_points and not trust_points)
    return None if doubtful else "."


def _order(seen: Evidence) -> Order | None:
    if seen.years_first:
        return None
    return _agreed("day_first", "month_first", seen.days_first, seen.months_first)
