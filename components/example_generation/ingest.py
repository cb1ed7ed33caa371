"""Reading a folder: the steps that a single process and many Beam workers take alike, and the former whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataRejected
from components.example_generation.casting import cast_column, single
from components.example_generation.checking import check_block
from components.example_generation.contract import EXTERNAL, FILES, INVENTORY, SALES
from components.example_generation.external import ExternalLookup
from components.example_generation.fallbacks import describe_fallbacks
from components.example_generation.files import Inputs, Piece, find_inputs
from components.example_generation.findings import Findings, stack
from components.example_generation.joining import Surroundings, join_rows
from components.example_generation.keys import ranks, unique_rows
from components.example_generation.options import DataOptions
from components.example_generation.quarantine import duplicates_aside, write_quarantine
from components.example_generation.reading import read_blocks
from components.example_generation.report import ExternalColumn, IngestReport, Part, conclude, merge_parts
from components.example_generation.small_files import SmallFiles, read_small_files

_LARGE = (SALES, INVENTORY)
_SORTING = ("store_id", "product_id", "date")


@dataclass(frozen=True)
class Prepared:
    """A folder before its large files are read: what every worker needs to know."""

    inputs: Inputs
    options: DataOptions
    weekday: int | None
    small: SmallFiles

    @property
    def pieces(self) -> list[Piece]:
        """Pieces of the large files."""
        return [piece for name in _LARGE if name in self.inputs.sources for piece in self.inputs.sources[name].pieces]

    @property
    def part_names(self) -> dict[str, dict[int, str]]:
        """The file of each part, by contract file and number."""
        return {
            name: {piece.number: piece.name for piece in source.pieces} for name, source in self.inputs.sources.items()
        }

    def surroundings(self) -> Surroundings:
        """What a join needs besides the shard's rows."""
        sources, external = self.inputs.sources, None
        if self.small.external is not None:
            external = ExternalLookup.of(self.small.external, tuple(self.small.external_columns))
        return Surroundings(
            options=self.options,
            sales_columns=sources[SALES].columns if SALES in sources else (),
            inventory_columns=sources[INVENTORY].columns if INVENTORY in sources else None,
            products=self.small.products,
            external=external,
        )


def prepare(folder: Path | str, options: DataOptions) -> Prepared:
    """Look the folder through and read its small files.

    Raises:
        UserError: there is no such folder.
    """
    inputs = find_inputs(folder)
    weekday = _survey(inputs).weekday if options.frequency == "W" else None
    return Prepared(inputs, options, weekday, read_small_files(inputs, options, weekday))


def check_piece(piece: Piece, options: DataOptions, weekday: int | None) -> Iterator[tuple[pa.Table | None, Part]]:
    """Read and check one piece of a large file, block by block."""
    keep = options.quarantine is not None
    for block in read_blocks(piece):
        checked = check_block(
            FILES[piece.file],
            piece.name,
            piece.number,
            block,
            weekday=weekday,
            keep_spoilt=keep,
            stubs=piece.file == SALES,
        )
        part = Part(checked.problems, {piece.file: checked.total}, {piece.file: checked.spoilt})
        if checked.aside is not None:
            part.aside[piece.file] = [checked.aside]
        yield checked.rows, part


def finish_shard(
    tables: Mapping[str, list[pa.Table]],
    around: Surroundings,
    part_names: Mapping[str, Mapping[int, str]],
) -> tuple[pa.Table | None, Part]:
    """Bring the checked rows of some whole series together: each key once, in order, joined.

    Args:
        tables: checked rows of sales_data and inventory_levels.
        around: the small files and the options.
        part_names: the file of each part, for problems.

    Returns:
        The rows (none where there are no sales), and the report.
    """
    part = Part()
    unique: dict[str, pa.Table | None] = {}
    for name in _LARGE:
        given = [table for table in tables.get(name, []) if table.num_rows]
        if not given:
            unique[name] = None
            continue
        table = stack(given)
        found = unique_rows(table, _SORTING, part_names[name])
        part.problems += found.problems
        part.spoilt[name] = int(found.twice.size)
        if found.twice.size and around.options.quarantine is not None:
            part.aside[name] = [duplicates_aside(table, found.twice, FILES[name], part_names[name])]
        unique[name] = table.take(pa.array(found.order))
    sales = unique[SALES]
    if sales is None:
        inventory = unique[INVENTORY]
        part.counts["inventory_elsewhere"] = inventory.num_rows if inventory is not None else 0
        return None, part
    rows, joined = join_rows(sales, unique[INVENTORY], around)
    return rows, merge_parts([part, joined])


def finish(prepared: Prepared, parts: Iterator[Part] | list[Part]) -> tuple[IngestReport, Part]:
    """Accept or refuse the data, once everything was read.

    Returns:
        The report, and the merged parts with the rows for the quarantine.

    Raises:
        DataRejected: with every problem of every file.
    """
    inputs, options, small = prepared.inputs, prepared.options, prepared.small
    headers = Part(problems=list(inputs.problems))
    whole = merge_parts([headers, small.part, *parts])
    external = [
        ExternalColumn(name=name, kind=kind, known_future=name in options.known_future)
        for name, kind in small.external_columns.items()
    ]
    notes = [
        f"{source.file.name}: the column {column} is not in the contract, and is not read"
        for source in inputs.sources.values()
        for column in source.unread
    ]
    fallbacks = describe_fallbacks(inputs, options, small.products)
    return conclude(whole, options, list(inputs.sources), fallbacks, notes, external), whole


def read_rows(
    folder: Path | str, options: DataOptions | None = None, quarantine_folder: Path | None = None
) -> tuple[pa.Table, IngestReport]:
    """Read, check and join a retailer's folder in this process.

    Args:
        folder: the files of the data contract.
        options: choices of the contract; the defaults where it is not given.
        quarantine_folder: where rows set aside are written, with `options.quarantine`.

    Returns:
        Rows, flat, sorted by store_id, product_id and date: the same columns and values as the artifact of the
        component holds; and the report.

    Raises:
        UserError: there is no such folder.
        DataRejected: the data breaks the contract; it names every problem of every file.
    """
    prepared = prepare(folder, options or DataOptions())
    parts: list[Part] = []
    tables: dict[str, list[pa.Table]] = {name: [] for name in _LARGE}
    for piece in prepared.pieces:
        for rows, part in check_piece(piece, prepared.options, prepared.weekday):
            parts.append(part)
            if rows is not None:
                tables[piece.file].append(rows)
    table, part = finish_shard(tables, prepared.surroundings(), prepared.part_names)
    report, whole = finish(prepared, [*parts, part])
    if table is None:  # finish has refused such data
        raise DataRejected([])
    if quarantine_folder is not None:
        write_quarantine(quarantine_folder, whole.aside)
    return table, report


@dataclass(frozen=True)
class _Survey:
    first: int | None
    last: int | None
    weekday: int | None


def _survey(inputs: Inputs) -> _Survey:
    """First and last date of the sales and their most common weekday; unreadable dates are passed over."""
    if SALES not in inputs.sources:
        return _Survey(None, None, None)
    column = FILES[SALES].column("date")
    weekdays = np.zeros(7, dtype=np.int64)
    bounds: list[int] = []
    for piece in inputs.sources[SALES].pieces:
        for block in read_blocks(replace(piece, columns=("date",))):
            if block.rows.size == 0:
                continue
            days = cast_column(column, single(block.table["date"]), Findings(piece.name, block.rows))
            days = pa.array([], pa.int32()) if days is None else days.drop_null()
            if len(days):
                numbers = days.to_numpy(zero_copy_only=False)
                weekdays += np.bincount(numbers % 7, minlength=7)
                bounds += [int(numbers.min()), int(numbers.max())]
    if not bounds:
        return _Survey(None, None, None)
    return _Survey(min(bounds), max(bounds), int(weekdays.argmax()))


def date_range(folder: Path | str) -> tuple[date, date] | None:
    """First and last date of sales_data, from its date column alone; None where no date can be read.

    Raises:
        UserError: there is no such folder.
    """
    survey = _survey(find_inputs(folder))
    if survey.first is None or survey.last is None:
        return None
    return tuple(date(1970, 1, 1) + timedelta(days=day) for day in (survey.first, survey.last))  # type: ignore


def known_future(folder: Path | str, options: DataOptions | None = None) -> pa.Table:
    """What external_factors says of the time after the last sale, in the columns known in advance.

    Args:
        folder: the files of the data contract.
        options: names the columns (`known_future`).

    Returns:
        date (int64, days since 1970-01-01), store_id, and each known column that the file has, as in the rows; one
        row for each store of sales_data and each later date that the file names, sorted by store and date. The
        file's row of a store goes before its row of all stores, value by value.

    Raises:
        UserError: there is no such folder.
        DataRejected: external_factors breaks the contract.
    """
    prepared = prepare(folder, options or DataOptions())
    options, small = prepared.options, prepared.small
    blocking = [p for p in small.part.problems if p.file.startswith(EXTERNAL)]
    if blocking and (options.quarantine is None or any(not p.rows for p in blocking)):
        raise DataRejected(blocking)
    stores, last = _stores_and_last_day(prepared)
    columns = {n: k for n, k in small.external_columns.items() if n in options.known_future}
    days = np.zeros(0, np.int64)
    if small.external is not None and last is not None:
        days = np.unique(single(small.external["date"]).to_numpy(zero_copy_only=False)).astype(np.int64)
        days = days[days > last]
    store = np.repeat(np.arange(len(stores)), days.size)
    every = np.tile(days, len(stores))
    table = {"date": pa.array(every), "store_id": stores.take(pa.array(store))}
    if small.external is not None:
        table.update(ExternalLookup.of(small.external, tuple(columns)).find(every, store, stores))
    return pa.table(table)


def _stores_and_last_day(prepared: Prepared) -> tuple[pa.Array, int | None]:
    stores: list[pa.Array] = [pa.array([], pa.string())]
    last: list[int] = []
    for piece in prepared.pieces:
        if piece.file != SALES:
            continue
        narrow = replace(piece, columns=tuple(c for c in piece.columns if c in FILES[SALES].key))
        for rows, _ in check_piece(narrow, prepared.options, prepared.weekday):
            if rows is not None and rows.num_rows:
                _, names = ranks(rows["store_id"])
                stores.append(names)
                last.append(pc.max(rows["date"]).as_py())
    return ranks(pa.concat_arrays(stores))[1], max(last, default=None)
