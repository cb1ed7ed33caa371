"""Example generation on Beam: read and check pieces, bring each series together, write shards."""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import apache_beam as beam
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.contract import INVENTORY, SALES
from components.example_generation.ingest import Checks, Prepared, check_piece, finish_shard
from components.example_generation.joining.grid import Surroundings
from components.example_generation.joining.sharding import read_of_shard, write_by_shard
from components.example_generation.reading.files import Piece
from components.example_generation.report import Part, merge_parts
from contracts.durable import replacing
from contracts.rows import write_flat, write_shard

_REPORT, _PIECE = ".report", "piece-"
ROWS, STOCK = "rows-", "stock-"
"""What the names of a shard's files begin with; flat shards have stock too."""

_SURROUNDINGS = "surroundings"
Form = Literal["parquet", "arrow"]
"""Of the shards: as TFDV reads them, or flat."""

Place = tuple[str, str, int]
"""Where some rows lie: contract file, Arrow file, record batch."""


class ReadPiece(beam.DoFn):
    """A piece to (shard, where its rows lie) for each of its blocks.

    Rows and reports go by files: Beam copies what it groups half a dozen times.
    """

    def __init__(self, checks: Checks, scratch: str) -> None:
        self._checks = checks
        self._scratch = scratch

    def process(self, piece: Piece) -> Iterator[tuple[int, Place]]:
        """Read one piece."""
        parts = []
        for rows, part in check_piece(piece, self._checks):
            parts.append(part)
            if rows is not None and rows.num_rows:
                path = os.path.join(self._scratch, f"{uuid.uuid4().hex}.arrow")
                for batch, shard in enumerate(write_by_shard(rows, self._checks.options.shards, path)):
                    yield shard, (piece.file, path, batch)
        _report(
            self._scratch,
            f"{_PIECE}{piece.file}-{piece.number:05d}-{piece.rows_before:012d}",
            merge_parts(parts),
        )


class WriteShard(beam.DoFn):
    """The blocks of one shard to its file; gives the shard."""

    def __init__(self, folder: str, scratch: str, prepared: Prepared, form: Form) -> None:
        self._folder = folder
        self._scratch = scratch
        self._options = prepared.options
        self._part_names = prepared.part_names
        self._form = form
        self._around: Surroundings | None = None
        self._calendar: Calendar | None = None

    def setup(self) -> None:
        """Reads the surroundings, once a worker."""
        with open(os.path.join(self._scratch, _SURROUNDINGS), "rb") as file:
            self._around = pickle.load(file)  # noqa: S301 - our own bytes

    def process(self, element: tuple[int, Iterable[Place]]) -> Iterator[int]:
        """Join and write one shard."""
        assert self._around is not None
        if self._calendar is None:
            # The grouping has waited for all pieces, so that their reports are complete.
            seen = [part.seen for part in read_report(self._scratch, _PIECE)]
            self._calendar = Calendar.of(seen, self._options, self._around.store_calendar)
        shard, blocks = element
        tables: dict[str, list[pa.Table]] = {SALES: [], INVENTORY: []}
        for file, path, batch in blocks:
            tables[file].append(read_of_shard(path, batch))
        joined = finish_shard(tables, self._around, self._part_names, self._calendar)
        name = f"{shard:05d}-of-{self._options.shards:05d}.{self._form}"
        if joined.rows is not None:
            self._write(joined.rows, ROWS + name)
        if self._form == "arrow":
            self._write(joined.stock, STOCK + name)
        _report(self._scratch, f"shard-{shard:05d}", joined.part)
        yield shard

    def _write(self, table: pa.Table, name: str) -> None:
        # A worker may be run again after it died, or wake when another has done its work: a file of the final name is
        # always whole, and TFX reads all that lies beside it.
        write = write_shard if self._form == "parquet" else write_flat
        with replacing(Path(self._folder, name), durable=False, within=Path(self._scratch)) as temporary:
            write(table, temporary)


def build(
    pipeline: beam.Pipeline, prepared: Prepared, folder: str, scratch: str, form: Form = "parquet"
) -> None:
    """Add the whole of example generation to a pipeline.

    Args:
        prepared: the folder with its small files read.
        folder: folder of the shards; it must exist.
        scratch: folder of what goes from worker to worker, of their reports (``read_report``) and of unfinished shards;
            it must exist, be the same for all workers, and lie on the file system of ``folder``.
        form: of the shards.
    """
    with open(os.path.join(scratch, _SURROUNDINGS), "wb") as file:
        pickle.dump(prepared.surroundings(), file)
    _ = (
        pipeline
        | "Pieces" >> beam.Create(prepared.pieces)
        | "Read" >> beam.ParDo(ReadPiece(prepared.checks, scratch)).with_output_types(tuple[int, Place])
        | "Shard" >> beam.GroupByKey()
        | "Join" >> beam.ParDo(WriteShard(folder, scratch, prepared, form))
    )


def stock_of(rows_file: str) -> str:
    """The file with the stock of a flat shard of rows."""
    folder, name = os.path.split(rows_file)
    return os.path.join(folder, STOCK + name.removeprefix(ROWS))


def _report(scratch: str, name: str, part: Part) -> None:
    """Writes a worker's report; one that is run again says the same under the same name."""
    with replacing(Path(scratch, name + _REPORT), durable=False) as temporary, temporary.open("wb") as file:
        pickle.dump(part, file)


def read_report(scratch: str, which: str = "") -> list[Part]:
    """The reports of all workers, or those whose names begin with some letters."""
    parts = []
    for name in sorted(os.listdir(scratch)):
        if name.startswith(which) and name.endswith(_REPORT):
            with open(os.path.join(scratch, name), "rb") as file:
                parts.append(pickle.load(file))  # noqa: S301 - written by our own workers
    return parts
