"""Rows whose date is taken for mistyped, as problems, and out of the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.checks.quarantine import set_aside
from components.example_generation.checks.rules import INVALID
from components.example_generation.contract import FILES, SALES
from components.example_generation.report import Part
from contracts.dates import to_date
from contracts.rows import single

_MESSAGE = "a date lies apart from all others, which are"
_REMEDIES = {
    SALES: "Correct the date; where it is right, give the dates in between rows of 0 units",
}
_REMEDY = "Correct the date, or leave the row out"


def without_strays(
    table: pa.Table, file: str, calendar: Calendar, names: Mapping[int, str], part: Part, keep: bool
) -> pa.Table:
    """The rows of a large file without those of mistyped dates, which are told to the part.

    Args:
        table: checked rows of a shard.
        file: of the contract.
        calendar: knows the mistyped dates.
        names: the file of each part, by number.
        part: takes up the problems.
        keep: the rows go to the quarantine.
    """
    strays = calendar.strays.get(file)
    if strays is None or not strays.size:
        return table
    days = single(table["date"]).to_numpy(zero_copy_only=False)
    stray = np.isin(days, strays)
    if not stray.any():
        return table
    mask = stray.copy()
    if INVALID in table.column_names:  # such a row was told of before
        mask &= ~np.asarray(single(table[INVALID]).fill_null(False))
    indices = np.flatnonzero(mask)
    first, last = calendar.body[file]
    message = f"{_MESSAGE} {to_date(first)} .. {to_date(last)}"

    def text(place: int) -> str:
        return str(to_date(days[indices[place]]))

    remedy = _REMEDIES.get(file, _REMEDY)
    part.problems += problems_by_file(table, indices, names, text, "stray_date", message, remedy, "date")
    set_aside(table, indices, FILES[file], names, message, part, keep)
    return table.filter(pa.array(~stray))
