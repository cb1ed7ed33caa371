"""The dates of the sales, from their date column alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.checks.findings import Findings
from components.example_generation.checks.stray_dates import stray_days
from components.example_generation.contract import FILES, SALES
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import Inputs, find_inputs
from components.example_generation.reading.pieces import read_blocks
from components.example_generation.values.casting import cast_column
from contracts.arrays import Integers
from contracts.dates import to_days
from contracts.rows import single


@dataclass(frozen=True)
class Survey:
    """Distinct days of the sales (days since 1970-01-01), rising, and the rows of each."""

    days: Integers
    rows: Integers

    @property
    def weekday(self) -> int | None:
        """The most common one (day modulo 7); None where no date can be read."""
        if not self.days.size:
            return None
        return int(np.bincount(self.days % 7, weights=self.rows, minlength=7).argmax())


def survey_dates(inputs: Inputs) -> Survey:
    """Every date of the sales; unreadable ones are passed over."""
    column = replace(FILES[SALES].column("date"), timed=True)
    total = np.zeros(0, np.int64)
    for piece in inputs.sources[SALES].pieces if SALES in inputs.sources else ():
        for block in read_blocks(replace(piece, columns=("date",))):
            if block.rows.size == 0:
                continue
            findings = Findings(piece.name, block.rows)
            days = cast_column(column, single(block.table["date"]), findings, block.notation)
            days = pa.array([], pa.int32()) if days is None else days.drop_null()
            if len(days):
                counts = np.bincount(days.to_numpy(zero_copy_only=False), minlength=total.size)
                counts[: total.size] += total
                total = counts
    days = np.flatnonzero(total)
    return Survey(days, total[days])


def today() -> int:
    """This machine's date, days since 1970-01-01."""
    return to_days(datetime.now().astimezone().date())


def sales_dates(folder: Path | str, options: DataOptions) -> tuple[Integers, int]:
    """Distinct dates of the sales, rising, that are neither mistyped nor still to come, and the newest of all.

    In days since 1970-01-01, after ``options.as_of`` too; the newest is 0 where no date can be read.

    Raises:
        UserError: there is no such folder.
    """
    survey = survey_dates(find_inputs(folder, options))
    past = survey.days <= today()
    days, rows = survey.days[past], survey.rows[past]
    newest = int(survey.days.max(initial=0))
    return np.setdiff1d(days, stray_days(days, rows, options.period_days)), newest
