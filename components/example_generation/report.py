"""What reading a folder came to: counts, fallbacks, notes; or why it was refused."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from components.example_generation.checks.findings import merge_problems
from components.example_generation.checks.remarks import Remark
from components.example_generation.contract import FILES, PLANNED, SALES, contract_file
from components.example_generation.joining.adding import Added
from components.example_generation.options import DataOptions
from contracts.arrays import Flags
from contracts.dates import to_date
from contracts.errors import DataRejected, Problem
from contracts.records.fallback import Fallback
from contracts.rows import KEYS

LOG = logging.getLogger(__name__)
WITHOUT_PRODUCT = (SALES, "product_id without a row of products")


class ExternalColumn(BaseModel):
    """A column of external_factors as it stands in the rows."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str  # number or text
    known_ahead: int | str  # periods, or all


class IngestReport(BaseModel):
    """Counts and notes of one read folder; `ingest.json` of the artifact holds the same."""

    model_config = ConfigDict(frozen=True)

    rows: int
    series: int
    first_date: date
    last_date: date
    filled_rows: int  # dates that the files lack from a series' first sale to the newest of its store
    read_rows: dict[str, int]  # rows of each file
    rejected_rows: dict[str, int]  # rows of each file that were set aside
    rejected_reasons: tuple[str, ...]
    fallbacks: tuple[Fallback, ...]
    notes: tuple[str, ...]
    external: tuple[ExternalColumn, ...]
    columns: tuple[str, ...]  # of the rows


@dataclass
class Part:
    """What one worker has to say about a block or a shard; small, so that all of them fit one process."""

    problems: list[Problem] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    quarantined: dict[str, list[pa.Table]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    added: Added = field(default_factory=Added)
    remarks: Counter[Remark] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)  # of what is counted
    ids: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # by file and column
    seen: dict[str, list[pa.Table]] = field(default_factory=dict)  # rows by store and date, by file
    first_day: int | None = None
    last_day: int | None = None
    columns: tuple[str, ...] = ()

    def count(self, key: str, mask: Flags, table: pa.Table) -> None:
        """Counts the rows of a table of store, product and date under a mask, and names the first of them."""
        indices = np.flatnonzero(mask)
        self.counts[key] += indices.size
        if indices.size:
            store, product, day = (table[name][int(indices[0])].as_py() for name in KEYS)
            self.examples[key] = f"{store} {product} {to_date(day)}"


def merge_parts(parts: Iterable[Part]) -> Part:
    """The sum of all parts."""
    whole = Part()
    for part in parts:
        whole.problems += part.problems
        for name in ("read", "invalid", "counts", "remarks"):
            getattr(whole, name).update(getattr(part, name))
        whole.added += part.added
        for key, tables in part.quarantined.items():
            whole.quarantined.setdefault(key, []).extend(tables)
        for file, days in part.seen.items():
            whole.seen.setdefault(file, []).extend(days)
        for file_and_column, names in part.ids.items():
            whole.ids.setdefault(file_and_column, set()).update(names)
        for key, example in part.examples.items():
            # Workers end in any order, and the same data must say the same.
            whole.examples[key] = min(whole.examples.get(key, example), example)
        firsts = [day for day in (whole.first_day, part.first_day) if day is not None]
        lasts = [day for day in (whole.last_day, part.last_day) if day is not None]
        whole.first_day, whole.last_day = min(firsts, default=None), max(lasts, default=None)
        whole.columns = whole.columns or part.columns
    return whole


def count_notes(whole: Part) -> list[str]:
    """What is to be said of the sales themselves."""
    notes = []
    rows, filled = whole.counts["rows"], whole.counts["filled"]
    if filled > rows / 2:
        notes.append(
            f"{filled} of {rows} rows are dates that {SALES} does not name, between the first sale of a series and the "
            "newest of its store: see missing_dates, and look for weekly data read as daily"
        )
    return notes


def conclude(
    whole: Part,
    options: DataOptions,
    found: Mapping[str, str],
    fallbacks: Sequence[Fallback],
    notes: Sequence[str],
    external: Sequence[ExternalColumn],
) -> IngestReport:
    """Accept the data, or refuse it with every problem of every file.

    Args:
        whole: everything that the workers reported.
        options: what was chosen; `quarantine` decides how many bad rows are bearable.
        found: contract files that were read, and a name of each that the user knows.
        fallbacks: what stands in for what is missing.
        notes: what the user should know besides.
        external: columns of external_factors.

    Raises:
        DataRejected: a file as a whole is unusable, or too many of its rows are.
    """
    problems = merge_problems(whole.problems)
    for name, label in found.items():
        untouched = not any(contract_file(p.file) == name for p in problems if not p.rows)
        # That nothing is planned is a statement.
        if whole.read[name] == 0 and untouched and name != PLANNED:
            message = "the file has a header and no rows"
            problems.append(Problem(label, "empty_file", message, "Export it again, or remove it"))
    limits = {name: _bearable(whole, name, options) for name in FILES}
    blocking = [p for p in problems if not p.rows or not limits.get(contract_file(p.file) or p.file)]
    if blocking:
        raise DataRejected([_with_share(p, whole, options) for p in blocking])
    if whole.first_day is None or whole.last_day is None:
        message = "no row is left after the bad rows were set aside"
        left = Problem(SALES, "no_rows_left", message, "Correct the rows of the quarantine")
        raise DataRejected([left, *(problem for problem in problems if problem.rows)])
    return IngestReport(
        rows=whole.counts["rows"],
        series=whole.counts["series"],
        first_date=to_date(whole.first_day),
        last_date=to_date(whole.last_day),
        filled_rows=whole.counts["filled"],
        read_rows={name: whole.read[name] for name in FILES if name in whole.read},
        rejected_rows={name: count for name, count in whole.invalid.items() if count},
        rejected_reasons=tuple(str(problem) for problem in problems),
        fallbacks=tuple(fallbacks),
        notes=tuple(notes),
        external=tuple(external),
        columns=whole.columns,
    )


def log_reading(report: IngestReport) -> None:
    """Lines of what reading came to: rows in and out, what was set aside, what stands in for what is missing."""
    figures = {
        "read": report.read_rows,
        "rows": report.rows,
        "series": report.series,
        "first_date": report.first_date.isoformat(),
        "last_date": report.last_date.isoformat(),
        "filled": report.filled_rows,
    }
    LOG.info("rows read", extra=figures)
    if report.rejected_rows:
        LOG.warning("rows set aside", extra={"rejected": report.rejected_rows})
    for fallback in report.fallbacks:
        LOG.info("fallback", extra={"what": fallback.what, "used": fallback.used})


def _bearable(whole: Part, name: str, options: DataOptions) -> bool:
    if options.quarantine is None:
        return False
    return whole.invalid[name] <= options.quarantine * whole.read[name]


def _with_share(problem: Problem, whole: Part, options: DataOptions) -> Problem:
    """With a quarantine, say why it did not help."""
    if options.quarantine is None or not problem.rows:
        return problem
    name = contract_file(problem.file) or problem.file
    invalid, read = whole.invalid[name], whole.read[name]
    share = f"{invalid} of {read} rows of {name} are bad, more than the quarantine's {options.quarantine:.2%}"
    return replace(problem, message=f"{problem.message} ({share})")
