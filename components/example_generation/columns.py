"""What a file and a column of the data contract are declared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Kind = Literal["date", "key", "number", "text"]

LARGEST, SMALLEST = 1e9, 1e-6
"""Of units and money: the largest value, and the smallest of those that must be more than 0."""
KEY_LENGTH, TEXT_LENGTH = 200, 1000
"""Characters of an identifier, and of another text."""


@dataclass(frozen=True)
class Column:
    """One column: its kind, and for numbers the allowed range.

    Attributes:
        name: as in the header.
        kind: date; key (an identifier, text however it is stored); number; text.
        meaning: what a value says, with its unit.
        required: the file is rejected without the column.
        filled: each row must have a value; else an empty value means "not known".
        low, high: smallest and largest value.
        low_excluded: the smallest value itself is not allowed.
        least, most: beyond them no retailer's value lies; also what 32 bits of a float hold with a meaning.
        whole: only whole numbers.
        timed: of a date: it may carry a time of day, which is cut off.
        open: of any name, so that it may be text as well.
        product_only: it says something of the product itself and does not stand in the rows.
        silent: without a value nothing is missing and nothing stands in, so that nothing is said of it.
        exact: counted or paid by people and seen by no model, so that its decimals are kept; other numbers become
            float32, as models read them.
        rule: stable name of the broken range.
        remedy: what to do about a value outside the range.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    filled: bool = False
    low: float | None = None
    high: float | None = None
    low_excluded: bool = False
    least: float | None = None
    most: float = LARGEST
    whole: bool = False
    timed: bool = False
    open: bool = False
    exact: bool = False
    silent: bool = False
    product_only: bool = False
    rule: str = "out_of_range"
    remedy: str = "Correct these values or leave them empty"

    @property
    def stored(self) -> pa.DataType:
        """Of a number: its type in the rows."""
        return pa.float64() if self.exact else pa.float32()

    @property
    def is_flag(self) -> bool:
        """Is it 0 or 1?"""
        return self.whole and self.low == 0 and self.high == 1

    @property
    def range_text(self) -> str:
        """The allowed range in words."""
        if self.low is None:
            return "may be any number"
        if self.is_flag:
            return "must be 0 or 1"
        kind = "a whole number, " if self.whole else ""
        least = f"more than {self.low:g}" if self.low_excluded else f"{self.low:g} or more"
        if self.high is None:
            return f"must be {kind}{least}"
        if not self.low_excluded:
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be {kind}{least} and at most {self.high:g}"

    @property
    def bounds_text(self) -> str:
        """What every value lies within, in words."""
        if self.least is None:
            return f"at most {self.most:,.0f}"
        least = f"{self.least:,.0f}" if abs(self.least) >= 1 else f"{self.least:.6f}"
        return f"between {least} and {self.most:,.0f}"


@dataclass(frozen=True)
class FileContract:
    """One file: its columns, and those that together may occur only once.

    Attributes:
        open_ended: further columns of any name belong to the file, numeric or text.
        newest: what a date may not lie after, in words.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False
    open_ended: bool = False
    newest: str = "today"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the declared columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The declaration of one column."""
        return next(column for column in self.columns if column.name == name)
