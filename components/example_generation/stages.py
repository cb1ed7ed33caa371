"""Example generation on Beam: read and check pieces, bring each series together, write shards."""

from __future__ import annotations

import os
import pickle
import uuid
from collections.abc import Iterable, Iterator

import apache_beam as beam
import pyarrow as pa

from components.example_generation.contract import INVENTORY, SALES
from components.example_generation.files import Piece
from components.example_generation.ingest import Prepared, check_piece, finish_shard
from components.example_generation.joining import Surroundings
from components.example_generation.options import DataOptions
from components.example_generation.report import Part, merge_parts
from components.example_generation.sharding import from_bytes, split_by_shard, to_bytes
from components.rows import write_shard

_REPORT = "report"
_TAGS = {SALES: b"s", INVENTORY: b"i"}
_FILES = {tag: file for file, tag in _TAGS.items()}


class ReadPiece(beam.DoFn):
    """A piece to (shard, Arrow stream) for each of its blocks, and its report."""

    def __init__(self, options: DataOptions, weekday: int | None) -> None:
        self._options = options
        self._weekday = weekday

    def process(self, piece: Piece) -> Iterator[tuple[int, bytes] | beam.pvalue.TaggedOutput]:
        """Read one piece."""
        parts = []
        for rows, part in check_piece(piece, self._options, self._weekday):
            parts.append(part)
            if rows is not None:
                for shard, table in split_by_shard(rows, self._options.shards):
                    yield shard, _TAGS[piece.file] + to_bytes(table)
        yield beam.pvalue.TaggedOutput(_REPORT, pickle.dumps(merge_parts(parts)))


class WriteShard(beam.DoFn):
    """The blocks of one shard to its file, and the report."""

    def __init__(self, folder: str, shards: int, part_names: dict[str, dict[int, str]]) -> None:
        self._folder = folder
        self._shards = shards
        self._part_names = part_names

    def process(self, element: tuple[int, Iterable[bytes]], surroundings: bytes) -> Iterator[bytes]:
        """Join and write one shard; the report is a pickled `Part`."""
        shard, blocks = element
        tables: dict[str, list[pa.Table]] = {file: [] for file in _TAGS}
        for block in blocks:
            # A memory view, so that the stream is not copied to get rid of its tag.
            tables[_FILES[block[:1]]].append(from_bytes(memoryview(block)[1:]))
        around: Surroundings = pickle.loads(surroundings)  # noqa: S301 - our own bytes
        rows, part = finish_shard(tables, around, self._part_names)
        if rows is not None:
            name = f"rows-{shard:05d}-of-{self._shards:05d}.parquet"
            # A worker may be run again after it died: a file of the final name is always whole.
            draft = os.path.join(self._folder, f".{name}.{uuid.uuid4().hex}")
            write_shard(rows, draft)
            os.replace(draft, os.path.join(self._folder, name))
        yield pickle.dumps(part)


def build(pipeline: beam.Pipeline, prepared: Prepared, folder: str, report: str) -> None:
    """Add the whole of example generation to a pipeline.

    Args:
        pipeline: where to.
        prepared: the folder with its small files read.
        folder: folder of the shards; it must exist.
        report: file that takes up the pickled reports of all workers, once everything is written.
    """
    options = prepared.options
    surroundings = pipeline | "Surroundings" >> beam.Create([pickle.dumps(prepared.surroundings())])
    read = (
        pipeline
        | "Pieces" >> beam.Create(prepared.pieces)
        | "Read"
        >> beam.ParDo(ReadPiece(options, prepared.weekday))
        .with_output_types(tuple[int, bytes])
        .with_outputs(_REPORT, main="rows")
    )
    written = (
        read.rows
        | "Shard" >> beam.GroupByKey()
        | "Join"
        >> beam.ParDo(
            WriteShard(folder, options.shards, prepared.part_names), beam.pvalue.AsSingleton(surroundings)
        )
    )
    reports = (read[_REPORT], written) | "Reports" >> beam.Flatten()
    _ = (
        reports
        | "OneKey" >> beam.Map(lambda part: (0, part)).with_output_types(tuple[int, bytes])
        | "Gather" >> beam.GroupByKey()
        | "WriteReport" >> beam.Map(_write_report, report)
    )


def _write_report(element: tuple[int, Iterable[bytes]], path: str) -> None:
    draft = f"{path}.{uuid.uuid4().hex}"
    whole: Part = merge_parts(pickle.loads(part) for part in element[1])  # noqa: S301 - our own bytes
    with open(draft, "wb") as file:
        pickle.dump(whole, file)
    os.replace(draft, path)


def read_report(path: str) -> list[Part]:
    """The merged report of all workers; empty where there was nothing to read."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [pickle.load(file)]  # noqa: S301 - written by our own workers
