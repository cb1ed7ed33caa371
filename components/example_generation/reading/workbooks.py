"""Workbooks (.xlsx): the values of one sheet, in columns."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa

from components.example_generation.reading.containers import Unreadable
from components.example_generation.reading.layouts import Score, header_index
from contracts.arrays import Integers

_LOOKED_AT = 40  # rows at the top of a sheet among which the header is


@dataclass(frozen=True)
class Sheet:
    """Where the table of a workbook is: its header's cells and row (from 1), and the sheets that are not read."""

    header: list[str]
    row: int
    others: tuple[str, ...]


def find_sheet(path: str, name: str | None, score: Score) -> Sheet:
    """Looks at the top of a workbook's first sheet, or of the one that is named.

    Raises:
        Unreadable: it is no workbook, or has no such sheet.
    """
    with _opened(path, name) as (sheet, others):
        top = [[text_of(value) or "" for value in row] for row in _rows(sheet, 1, _LOOKED_AT)]
    if not top:
        return Sheet([], 1, others)
    index = header_index(top, score)
    return Sheet(top[index], index + 1, others)


def read_rows_of_sheet(
    path: str, name: str | None, header: int, indices: Sequence[int]
) -> tuple[list[pa.Array], Integers]:
    """The columns of a sheet below its header, and the number of each row: 1 is the row below the header.

    Args:
        name: of the sheet; None: the first.
        header: row of the header, from 1.
        indices: of the columns to read, from 0.

    Raises:
        Unreadable: it is no workbook.
    """
    values: list[list[Any]] = [[] for _ in indices]
    count = 0
    with _opened(path, name) as (sheet, _):
        for row in _rows(sheet, header + 1, None):
            count += 1
            for column, index in zip(values, indices, strict=True):
                column.append(row[index] if index < len(row) else None)
    return [_column(column) for column in values], np.arange(1, count + 1, dtype=np.int64)


@contextmanager
def _opened(path: str, name: str | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    book = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that have nothing to do with values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            sheet = _choose(book, name)
            sheet.reset_dimensions()  # which some programs write wrongly
            yield sheet, tuple(other for other in book.sheetnames if other != sheet.title)
    except Unreadable:
        raise
    except Exception as error:  # a torn workbook raises whatever its part of the format does
        message = f"cannot be read as a workbook: {str(error)[:200] or type(error).__name__}"
        raise Unreadable("corrupt_xlsx", message, "Save it again, or as CSV in UTF-8") from error
    finally:
        if book is not None:
            book.close()


def _choose(book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise Unreadable("no_sheet", "the workbook has no sheet of cells", "Export it again")
    if name is not None and name not in sheets:
        message = f"the workbook has no sheet {name!r}, but {', '.join(sheets)}"
        raise Unreadable("no_sheet", message, "Correct data.dialect.sheet")
    return next(iter(sheets.values())) if name is None else sheets[name]


def _rows(sheet: Any, first: int, last: int | None) -> Iterator[tuple[Any, ...]]:
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(min_row=first, max_row=last, values_only=True)
    return rows


def text_of(value: Any) -> str | None:
    """A cell as a person reads it; None where it is empty."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return str(value)


def _column(values: list[Any]) -> pa.Array:
    """Cells of one kind in the type of that kind, others as text."""
    values = [None if isinstance(value, str) and not value.strip() else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds and kinds <= {datetime, date}:
        return pa.array([_moment(value) for value in values], pa.timestamp("us"))
    return pa.array([text_of(value) for value in values], pa.string())


def _moment(value: date | None) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        # Cells hold fractions of a day, which lose a little: midnight may come as a microsecond before it.
        return (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return datetime.combine(value, time())
