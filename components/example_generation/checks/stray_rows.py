"""Rows whose date is taken for mistyped, as problems, and out of the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.checks.findings import SHOWN
from components.example_generation.checks.quarantine import quarantined_rows
from components.example_generation.checks.rules import INVALID, PART, ROW
from components.example_generation.contract import FILES, SALES
from components.example_generation.report import Part
from contracts.dates import to_date
from contracts.errors import Problem
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
    number, row = (single(table[name]).to_numpy(zero_copy_only=False)[indices] for name in (PART, ROW))
    first, last = calendar.body[file]
    message = f"{_MESSAGE} {to_date(first)} .. {to_date(last)}"
    for which in np.unique(number).tolist():
        here = np.flatnonzero(number == which)
        here = here[np.argsort(row[here], kind="stable")]
        shown = here[:SHOWN]
        part.problems.append(
            Problem(
                names[which],
                "stray_date",
                message,
                _REMEDIES.get(file, _REMEDY),
                column="date",
                count=int(here.size),
                rows=tuple(int(r) for r in row[shown]),
                values=tuple(str(to_date(day)) for day in days[indices[shown]]),
            )
        )
    part.invalid[file] = part.invalid.get(file, 0) + int(indices.size)
    if keep and indices.size:
        part.quarantined.setdefault(file, []).append(
            quarantined_rows(table, indices, FILES[file], names, message)
        )
    return table.filter(pa.array(~stray))
