"""Reading a folder: the steps that one process and many Beam workers take alike, and one process whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataRejected
from components.example_generation.adding import add_up, contract_of
from components.example_generation.checking import check_block
from components.example_generation.contract import FILES, INVENTORY, SALES
from components.example_generation.dates import survey_dates
from components.example_generation.external import ExternalLookup
from components.example_generation.fallbacks import describe_fallbacks
from components.example_generation.files import Inputs, Piece, find_inputs
from components.example_generation.joining import Surroundings, join_rows
from components.example_generation.keys import unique_rows
from components.example_generation.options import DataOptions
from components.example_generation.quarantine import duplicates_aside, write_quarantine
from components.example_generation.reading import read_blocks
from components.example_generation.remarks import remark_notes
from components.example_generation.report import ExternalColumn, IngestReport, Part, conclude, merge_parts
from components.example_generation.small_files import SmallFiles, read_small_files
from components.rows import stack

_LARGE = (SALES, INVENTORY)


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
        return [
            piece
            for name in _LARGE
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
    inputs = find_inputs(folder, options.dialect)
    weekday = survey_dates(inputs).weekday if options.frequency == "W" else None
    return Prepared(inputs, options, weekday, read_small_files(inputs, options, weekday))


def check_piece(
    piece: Piece, options: DataOptions, weekday: int | None
) -> Iterator[tuple[pa.Table | None, Part]]:
    """Read and check one piece of a large file, block by block."""
    keep = options.quarantine is not None
    for block in read_blocks(piece):
        checked = check_block(
            contract_of(piece.file, options),
            piece.name,
            piece.number,
            block,
            weekday=weekday,
            keep_spoilt=keep,
            stubs=piece.file == SALES,
        )
        part = Part(checked.problems, {piece.file: checked.total}, {piece.file: checked.spoilt})
        part.remarks = checked.remarks
        if checked.aside is not None:
            part.aside[piece.file] = [checked.aside]
        yield _until(checked.rows, options.as_of), part


def _until(rows: pa.Table | None, as_of: date | None) -> pa.Table | None:
    """The rows up to a date, all of them where none is given."""
    if rows is None or as_of is None:
        return rows
    return rows.filter(pc.less_equal(rows["date"], (as_of - date(1970, 1, 1)).days))


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
        if name == SALES and around.options.duplicates == "sum":
            unique[name], part.added = add_up(table)
            continue
        found = unique_rows(table, FILES[name], part_names[name])
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
    notes = [*inputs.notes, *remark_notes(inputs.said, whole.remarks)]
    labels = {name: source.pieces[0].name for name, source in inputs.sources.items()}
    fallbacks = describe_fallbacks(inputs, options, small.products)
    return conclude(whole, options, labels, fallbacks, notes, external), whole


def read_rows(
    folder: Path | str, options: DataOptions | None = None, quarantine_folder: Path | None = None
) -> tuple[pa.Table, IngestReport]:
    """Read, check and join a retailer's folder in this process.

    Args:
        folder: the files of the data contract.
        options: choices of the contract; the defaults where it is not given.
        quarantine_folder: where rows set aside are written, with `options.quarantine`.

    Returns:
        Rows, flat, sorted by store_id, product_id and date: the same columns and values as the artifact of
        the component holds; and the report.

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
