"""A retailer's folder, read whole in one process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.checks.quarantine import write_quarantine
from components.example_generation.ingest import LARGE, Prepared, check_piece, finish, finish_shard, prepare
from components.example_generation.joining.future import Future, known_future
from components.example_generation.options import DataOptions
from components.example_generation.reading.small_files import SmallFiles
from components.example_generation.report import IngestReport, Part
from contracts.errors import DataRejected


@dataclass(frozen=True)
class Read:
    """A folder, read whole in this process.

    Attributes:
        rows: flat, sorted by store_id, product_id and date: the same columns and values as the artifact of the
            component holds.
        stock: ``newest_stock`` of every series that inventory_levels names.
        report: counts and notes.
        future: what the files say of the time after the last sale.
        small: the files that were read whole.
    """

    rows: pa.Table
    stock: pa.Table
    report: IngestReport
    future: Future
    small: SmallFiles


def read_folder(
    folder: Path | str,
    options: DataOptions | None = None,
    quarantine_folder: Path | None = None,
    review_period: int | None = None,
) -> Read:
    """Read, check and join a retailer's folder in this process.

    Args:
        folder: the files of the data contract.
        options: choices of the contract; the defaults where it is not given.
        quarantine_folder: where rows set aside are written, with `options.quarantine`.
        review_period: periods between two orders, which service targets hold for; a week's where it is not given.

    Raises:
        UserError: there is no such folder.
        DataRejected: the data breaks the contract; it names every problem of every file.
    """
    options = options or DataOptions()
    return read_prepared(
        prepare(folder, options, review_period or 7 // options.period_days), quarantine_folder
    )


def read_prepared(prepared: Prepared, quarantine_folder: Path | None = None) -> Read:
    """The rest of ``read_folder``, for whoever has looked the folder through already.

    Raises:
        DataRejected: as ``read_folder``.
    """
    parts: list[Part] = []
    tables: dict[str, list[pa.Table]] = {name: [] for name in LARGE}
    for piece in prepared.pieces:
        for rows, part in check_piece(piece, prepared.checks):
            parts.append(part)
            if rows is not None:
                tables[piece.file].append(rows)
    seen = [part.seen for part in parts]
    calendar = Calendar.of(seen, prepared.options, prepared.small.store_calendar)
    joined = finish_shard(tables, prepared.surroundings(), prepared.part_names, calendar)
    report, whole, _ = finish(prepared, [*parts, joined.part])
    if joined.rows is None:  # finish has refused such data
        raise DataRejected([])
    if quarantine_folder is not None:
        write_quarantine(quarantine_folder, whole.quarantined)
    small = prepared.small
    return Read(joined.rows, joined.stock, report, known_future(small, prepared.options, calendar), small)


def read_rows(folder: Path | str, options: DataOptions | None = None) -> tuple[pa.Table, IngestReport]:
    """Rows and report of ``read_folder``."""
    read = read_folder(folder, options)
    return read.rows, read.report
