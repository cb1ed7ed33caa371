"""The dates of the sales, from their date column alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.casting import cast_column
from components.example_generation.contract import FILES, SALES
from components.example_generation.files import Inputs, find_inputs
from components.example_generation.findings import Findings
from components.example_generation.options import DataOptions
from components.example_generation.reading import read_blocks
from components.rows import single


@dataclass(frozen=True)
class Survey:
    """First and last day (days since 1970-01-01) and the most common weekday (day modulo 7)."""

    first: int | None
    last: int | None
    weekday: int | None


def survey_dates(inputs: Inputs) -> Survey:
    """First and last date of the sales and their most common weekday; unreadable dates are passed over."""
    if SALES not in inputs.sources:
        return Survey(None, None, None)
    column = replace(FILES[SALES].column("date"), timed=True)
    weekdays = np.zeros(7, dtype=np.int64)
    bounds: list[int] = []
    for piece in inputs.sources[SALES].pieces:
        for block in read_blocks(replace(piece, columns=("date",))):
            if block.rows.size == 0:
                continue
            findings = Findings(piece.name, block.rows)
            days = cast_column(column, single(block.table["date"]), findings, block.notation)
            days = pa.array([], pa.int32()) if days is None else days.drop_null()
            if len(days):
                numbers = days.to_numpy(zero_copy_only=False)
                weekdays += np.bincount(numbers % 7, minlength=7)
                bounds += [int(numbers.min()), int(numbers.max())]
    if not bounds:
        return Survey(None, None, None)
    return Survey(min(bounds), max(bounds), int(weekdays.argmax()))


def date_range(folder: Path | str, options: DataOptions | None = None) -> tuple[date, date] | None:
    """First and last date of sales_data, from its date column alone; None where no date can be read.

    Raises:
        UserError: there is no such folder.
    """
    survey = survey_dates(find_inputs(folder, (options or DataOptions()).dialect))
    if survey.first is None or survey.last is None:
        return None
    epoch = date(1970, 1, 1)
    return epoch + timedelta(days=survey.first), epoch + timedelta(days=survey.last)
