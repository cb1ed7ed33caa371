"""Reading a folder: the steps that one process and many Beam workers take alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar, days_seen, until
from components.example_generation.checks.following import check_follows
from components.example_generation.checks.matches import match
from components.example_generation.checks.quarantine import set_aside
from components.example_generation.checks.remarks import remark_notes
from components.example_generation.checks.rules import check_block
from components.example_generation.checks.stray_rows import without_strays
from components.example_generation.contract import FILES, INVENTORY, PRODUCTS, SALES
from components.example_generation.dates import survey_dates, today
from components.example_generation.joining.adding import add_up, contract_of
from components.example_generation.joining.external import ALL_STORES, ExternalLookup
from components.example_generation.joining.fallbacks import describe_fallbacks
from components.example_generation.joining.grid import Surroundings, join_rows
from components.example_generation.joining.keys import ranks, repeated, unique_rows
from components.example_generation.joining.stock import at_least_0, newest_stock
from components.example_generation.joining.targets import target_notes
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import Inputs, Piece, find_inputs
from components.example_generation.reading.pieces import read_blocks
from components.example_generation.reading.small_files import SmallFiles, read_small_files
from components.example_generation.report import (
    ExternalColumn,
    IngestReport,
    Part,
    conclude,
    count_notes,
    merge_parts,
)
from components.example_generation.superseding import in_force
from contracts.rows import SERIES_KEYS, stack

LARGE = (SALES, INVENTORY)
"""Files that are read in pieces."""


@dataclass(frozen=True)
class Checks:
    """What a piece is checked against: the options, the weekday of weekly data, the newest date there can be, and the
    keys that later files say anew.
    """

    options: DataOptions
    weekday: int | None
    latest: int | None
    superseded: Mapping[str, pa.Table]


@dataclass(frozen=True)
class Prepared:
    """A folder before its large files are read: what every worker needs to know."""

    inputs: Inputs
    options: DataOptions
    review_period: int  # periods between two orders, which service targets hold for
    weekday: int | None
    small: SmallFiles
    latest: int | None  # newest date that there can be, days since 1970-01-01
    superseded: Mapping[str, pa.Table] = field(default_factory=dict)  # by contract file (superseding)

    @property
    def checks(self) -> Checks:
        """What a worker needs to check a piece."""
        return Checks(self.options, self.weekday, self.latest, self.superseded)

    @property
    def pieces(self) -> list[Piece]:
        """Pieces of the large files."""
        return [
            piece
            for name in LARGE
            if name in self.inputs.sources
            for piece in self.inputs.sources[name].pieces
        ]

    @property
    def part_names(self) -> dict[str, dict[int, str]]:
        """The file of each part, by contract file and number."""
        return {
            name: {piece.number: piece.name for piece in source.pieces}
            for name, source in self.inputs.sources.items()
        }

    def surroundings(self) -> Surroundings:
        """What a join needs besides the shard's rows."""
        sources, external = self.inputs.sources, None
        if self.small.external is not None:
            external = ExternalLookup.of(self.small.external, tuple(self.small.external_columns))
        return Surroundings(
            options=self.options,
            review_period=self.review_period,
            sales_columns=sources[SALES].columns if SALES in sources else (),
            inventory_columns=sources[INVENTORY].columns if INVENTORY in sources else None,
            products=self.small.products,
            external=external,
            store_calendar=self.small.store_calendar,
            plan=self.small.plan,
        )


@dataclass(frozen=True)
class Joined:
    """One shard: its rows (none where there are no sales), the newest stock of its series, and what is to be told."""

    rows: pa.Table | None
    stock: pa.Table
    part: Part


def prepare(folder: Path | str, options: DataOptions, review_period: int) -> Prepared:
    """Look the folder through and read its small files.

    Args:
        review_period: periods between two orders, which service targets hold for.

    Raises:
        UserError: there is no such folder.
    """
    inputs = find_inputs(folder, options)
    weekday = survey_dates(inputs).weekday if options.frequency == "W" else None
    # What lies after a date that the user named is not read, so that it may be anything.
    latest = None if options.as_of else today()
    return Prepared(
        inputs, options, review_period, weekday, read_small_files(inputs, options, weekday), latest
    )


def check_piece(piece: Piece, checks: Checks) -> Iterator[tuple[pa.Table | None, Part]]:
    """Read and check one piece of a large file, block by block."""
    options = checks.options
    keep = options.quarantine is not None
    for block in read_blocks(piece):
        checked = check_block(
            contract_of(piece.file, options),
            piece.name,
            piece.number,
            block,
            weekday=checks.weekday,
            latest=checks.latest,
            keep_invalid=keep,
            stubs=piece.file == SALES,
        )
        part = Part(checked.problems, remarks=checked.remarks)
        part.read[piece.file], part.invalid[piece.file] = checked.total, checked.invalid
        if checked.quarantined is not None:
            part.quarantined[piece.file] = [checked.quarantined]
        rows = checked.rows
        if rows is not None and piece.file in checks.superseded:
            rows = in_force(rows, checks.superseded[piece.file])
        if rows is not None and rows.num_rows:
            part.seen[piece.file] = [days_seen(rows)]
        yield None if rows is None else until(rows, options.as_of), part


def finish_shard(
    tables: Mapping[str, list[pa.Table]],
    around: Surroundings,
    part_names: Mapping[str, Mapping[int, str]],
    calendar: Calendar,
) -> Joined:
    """Bring the checked rows of some whole series together: each key once, in order, joined.

    Args:
        tables: checked rows of sales_data and inventory_levels.
        around: the small files and the options.
        part_names: the file of each part, for problems.
        calendar: of the whole folder.
    """
    part = Part()
    unique: dict[str, pa.Table | None] = {}
    for name in LARGE:
        given = [table for table in tables.get(name, []) if table.num_rows]
        unique[name] = None
        if not given:
            continue
        keep = around.options.quarantine is not None
        table = without_strays(stack(given), name, calendar, part_names[name], part, keep)
        if name == SALES and around.options.duplicates == "sum":
            unique[name], part.added = add_up(table)
            continue
        found = unique_rows(table, FILES[name], part_names[name])
        part.problems += found.problems
        set_aside(table, found.twice, FILES[name], part_names[name], repeated(FILES[name]), part, keep)
        unique[name] = table.take(pa.array(found.order))
    sales, inventory = unique[SALES], at_least_0(unique[INVENTORY], part)
    stock = newest_stock(inventory, calendar.last)
    if inventory is not None:
        for column in SERIES_KEYS:
            part.ids[INVENTORY, column] = set(ranks(inventory[column])[1].to_pylist())
    if sales is None or sales.num_rows == 0:
        if inventory is not None:
            part.count("inventory_elsewhere", np.ones(inventory.num_rows, dtype=bool), inventory)
        return Joined(None, stock, part)
    rows, joined = join_rows(sales, inventory, around, calendar)
    return Joined(rows, stock, merge_parts([part, joined]))


def finish(prepared: Prepared, parts: Iterator[Part] | list[Part]) -> tuple[IngestReport, Part, Calendar]:
    """Accept or refuse the data, once everything was read.

    Returns:
        The report, the merged parts with the rows for the quarantine, and the dates.

    Raises:
        DataRejected: with every problem of every file.
    """
    inputs, options, small = prepared.inputs, prepared.options, prepared.small
    headers = Part(problems=list(inputs.problems))
    whole = merge_parts([headers, small.part, *parts])
    external = [
        ExternalColumn(name=name, kind=kind, known_ahead=options.known_ahead.get(name, 0))
        for name, kind in small.external_columns.items()
    ]
    notes = [*inputs.notes, *remark_notes(inputs.said, whole.remarks)]
    labels = {name: source.pieces[0].name for name, source in inputs.sources.items()}
    fallbacks = describe_fallbacks(inputs, options, small.products, whole)
    if small.products is not None:
        for column in ("product_id", "store_id"):
            whole.ids[PRODUCTS, column] = set(small.products[column].to_pylist()) - {ALL_STORES}
    sold = whole.ids.get((SALES, "product_id"), ())
    follows = check_follows(small.products, sold, prepared.part_names.get(PRODUCTS, {}))
    whole.problems += follows
    whole.invalid[PRODUCTS] += sum(problem.count for problem in follows)
    calendar = Calendar.of([whole.seen], options, small.store_calendar)
    matches = match(whole, calendar, small, labels)
    whole.problems += matches.problems
    targets = target_notes(whole, options, small.products, prepared.review_period)
    notes += [
        *calendar.notes,
        *whole.added.notes(),
        *count_notes(whole),
        *matches.notes,
        *small.supplier_notes,
    ]
    notes += targets
    return conclude(whole, options, labels, fallbacks, notes, external), whole, calendar
