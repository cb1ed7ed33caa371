"""What reading a folder came to: counts, fallbacks, notes; or why it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from components.errors import DataRejected, Problem
from components.example_generation.adding import Added
from components.example_generation.contract import FILES, SALES, contract_file
from components.example_generation.findings import merge_problems
from components.example_generation.options import DataOptions
from components.example_generation.remarks import Remark


class Fallback(BaseModel):
    """Something the retailer does not supply, and what is used in its place."""

    model_config = ConfigDict(frozen=True)

    what: str
    used: str


class ExternalColumn(BaseModel):
    """A column of external_factors as it stands in the rows."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str  # number or text
    known_future: bool


class IngestReport(BaseModel):
    """Counts and notes of one read folder; `ingest.json` of the artifact holds the same."""

    model_config = ConfigDict(frozen=True)

    rows: int
    series: int
    first_date: date
    last_date: date
    filled_rows: int  # dates that the files lack inside a series
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
    read: dict[str, int] = field(default_factory=dict)
    spoilt: dict[str, int] = field(default_factory=dict)
    aside: dict[str, list[pa.Table]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    added: Added = field(default_factory=Added)
    remarks: dict[Remark, int] = field(default_factory=dict)
    unknown_products: set[str] = field(default_factory=set)
    first_day: int | None = None
    last_day: int | None = None
    columns: tuple[str, ...] = ()


def merge_parts(parts: Iterable[Part]) -> Part:
    """The sum of all parts."""
    whole = Part()
    for part in parts:
        whole.problems += part.problems
        for name in ("read", "spoilt", "counts", "remarks"):
            total = getattr(whole, name)
            for key, count in getattr(part, name).items():
                total[key] = total.get(key, 0) + count
        whole.added += part.added
        for key, tables in part.aside.items():
            whole.aside.setdefault(key, []).extend(tables)
        whole.unknown_products |= part.unknown_products
        firsts = [day for day in (whole.first_day, part.first_day) if day is not None]
        lasts = [day for day in (whole.last_day, part.last_day) if day is not None]
        whole.first_day, whole.last_day = min(firsts, default=None), max(lasts, default=None)
        whole.columns = whole.columns or part.columns
    return whole


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
        if whole.read.get(name, 0) == 0 and untouched:
            message = "the file has a header and no rows"
            problems.append(Problem(label, "empty_file", message, "Export it again, or remove it"))
    limits = {name: _bearable(whole, name, options) for name in FILES}
    blocking = [p for p in problems if not p.rows or not limits.get(contract_file(p.file) or p.file)]
    if blocking:
        raise DataRejected([_with_share(p, whole, options) for p in blocking])
    if whole.first_day is None or whole.last_day is None:
        message = "no row is left after the bad rows were set aside"
        raise DataRejected([Problem(SALES, "no_rows_left", message, "Correct the rows of the quarantine")])
    return IngestReport(
        rows=whole.counts.get("rows", 0),
        series=whole.counts.get("series", 0),
        first_date=date(1970, 1, 1) + timedelta(days=whole.first_day),
        last_date=date(1970, 1, 1) + timedelta(days=whole.last_day),
        filled_rows=whole.counts.get("filled", 0),
        read_rows={name: whole.read[name] for name in FILES if name in whole.read},
        rejected_rows={name: count for name, count in whole.spoilt.items() if count},
        rejected_reasons=tuple(str(problem) for problem in problems),
        fallbacks=tuple(fallbacks),
        notes=(*notes, *whole.added.notes(), *_count_notes(whole)),
        external=tuple(external),
        columns=whole.columns,
    )


def _bearable(whole: Part, name: str, options: DataOptions) -> bool:
    if options.quarantine is None:
        return False
    return whole.spoilt.get(name, 0) <= options.quarantine * whole.read.get(name, 0)


def _with_share(problem: Problem, whole: Part, options: DataOptions) -> Problem:
    """With a quarantine, say why it did not help."""
    if options.quarantine is None or not problem.rows:
        return problem
    name = contract_file(problem.file) or problem.file
    spoilt, read = whole.spoilt.get(name, 0), whole.read.get(name, 0)
    share = f"{spoilt} of {read} rows of {name} are bad, more than the quarantine's {options.quarantine:.2%}"
    return replace(problem, message=f"{problem.message} ({share})")


def _count_notes(whole: Part) -> list[str]:
    texts = {
        "inventory_elsewhere": "rows of inventory_levels are of a store and product without sales: not used",
        "inventory_outside": "rows of inventory_levels lie outside the dates of their sales: not used",
    }
    notes = [f"{whole.counts[key]} {text}" for key, text in texts.items() if whole.counts.get(key)]
    rows, filled = whole.counts.get("rows", 0), whole.counts.get("filled", 0)
    if filled > rows / 2:
        notes.append(
            f"{filled} of {rows} rows are dates that sales_data does not name inside a series: see missing_dates, "
            "and look for mistyped years and for weekly data read as daily"
        )
    if whole.unknown_products:
        names = ", ".join(sorted(whole.unknown_products)[:5])
        more = "" if len(whole.unknown_products) <= 5 else ", ..."
        notes.append(
            f"{len(whole.unknown_products)} products of sales_data are not in products ({names}{more}); "
            "the fallbacks stand in"
        )
    return notes
