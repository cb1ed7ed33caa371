"""Example generation on Beam: read and check pieces, bring each series together, write shards."""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Iterable, Iterator
from typing import Literal

import apache_beam as beam
import pyarrow as pa

from components.example_generation.contract import INVENTORY, SALES
from components.example_generation.files import Piece
from components.example_generation.ingest import Prepared, check_piece, finish_shard
from components.example_generation.joining import Surroundings
from components.example_generation.options import DataOptions
from components.example_generation.report import Part, merge_parts
from components.example_generation.sharding import read_of_shard, write_by_shard
from components.rows import write_flat, write_shard

_REPORT = "report"
Form = Literal["parquet", "arrow"]
"""Of the shards: as TFDV reads them, or flat."""


class ReadPiece(beam.DoFn):
    """A piece to (shard, where its rows lie) for each of its blocks, and its report.

    The rows go by files, one a block: Beam copies what it groups half a dozen times.
    """

    def __init__(self, options: DataOptions, weekday: int | None, scratch: str) -> None:
        self._options = options
        self._weekday = weekday
        self._scratch = scratch

    def process(self, piece: Piece) -> Iterator[tuple[int, tuple[str, str, int]] | beam.pvalue.TaggedOutput]:
        """Read one piece."""
        parts = []
        for rows, part in check_piece(piece, self._options, self._weekday):
            parts.append(part)
            if rows is not None and rows.num_rows:
                path = os.path.join(self._scratch, f"{uuid.uuid4().hex}.arrow")
                for place, shard in enumerate(write_by_shard(rows, self._options.shards, path)):
                    yield shard, (piece.file, path, place)
        yield beam.pvalue.TaggedOutput(_REPORT, pickle.dumps(merge_parts(parts)))


class WriteShard(beam.DoFn):
    """The blocks of one shard to its file, and the report."""

    def __init__(self, folder: str, shards: int, part_names: dict[str, dict[int, str]], form: Form) -> None:
        self._folder = folder
        self._shards = shards
        self._part_names = part_names
        self._form = form

    def process(
        self, element: tuple[int, Iterable[tuple[str, str, int]]], surroundings: bytes
    ) -> Iterator[bytes]:
        """Join and write one shard; the report is a pickled `Part`."""
        shard, blocks = element
        tables: dict[str, list[pa.Table]] = {SALES: [], INVENTORY: []}
        for file, path, place in blocks:
            tables[file].append(read_of_shard(path, place))
        around: Surroundings = pickle.loads(surroundings)  # noqa: S301 - our own bytes
        rows, part = finish_shard(tables, around, self._part_names)
        if rows is not None:
            name = f"rows-{shard:05d}-of-{self._shards:05d}.{self._form}"
            # A worker may be run again after it died: a file of the final name is always whole.
            draft = os.path.join(self._folder, f".{name}.{uuid.uuid4().hex}")
            write = write_shard if self._form == "parquet" else write_flat
            write(rows, draft)
            os.replace(draft, os.path.join(self._folder, name))
        yield pickle.dumps(part)


def build(
    pipeline: beam.Pipeline, prepared: Prepared, folder: str, scratch: str, form: Form = "parquet"
) -> None:
    """Add the whole of example generation to a pipeline.

    Args:
        pipeline: where to.
        prepared: the folder with its small files read.
        folder: folder of the shards; it must exist.
        scratch: folder that takes up the rows on their way, and the reports of all workers once everything is
            written (``read_report``); it must exist, and be the same for all workers.
        form: of the shards.
    """
    options = prepared.options
    surroundings = pipeline | "Surroundings" >> beam.Create([pickle.dumps(prepared.surroundings())])
    read = (
        pipeline
        | "Pieces" >> beam.Create(prepared.pieces)
        | "Read"
        >> beam.ParDo(ReadPiece(options, prepared.weekday, scratch))
        .with_output_types(tuple[int, tuple[str, str, int]])
        .with_outputs(_REPORT, main="rows")
    )
    written = (
        read.rows
        | "Shard" >> beam.GroupByKey()
        | "Join"
        >> beam.ParDo(
            WriteShard(folder, options.shards, prepared.part_names, form),
            beam.pvalue.AsSingleton(surroundings),
        )
    )
    reports = (read[_REPORT], written) | "Reports" >> beam.Flatten()
    _ = (
        reports
        | "OneKey" >> beam.Map(lambda part: (0, part)).with_output_types(tuple[int, bytes])
        | "Gather" >> beam.GroupByKey()
        | "WriteReport" >> beam.Map(_write_report, os.path.join(scratch, _REPORT))
    )


def _write_report(element: tuple[int, Iterable[bytes]], path: str) -> None:
    draft = f"{path}.{uuid.uuid4().hex}"
    whole: Part = merge_parts(pickle.loads(part) for part in element[1])  # noqa: S301 - our own bytes
    with open(draft, "wb") as file:
        pickle.dump(whole, file)
    os.replace(draft, path)


def read_report(scratch: str) -> list[Part]:
    """The merged report of all workers; empty where there was nothing to read."""
    path = os.path.join(scratch, _REPORT)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [pickle.load(file)]  # noqa: S301 - written by our own workers
