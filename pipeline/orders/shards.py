"""A folder of data as files of whole series, read and checked on Beam."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of Beam's companions)
import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions

from components.example_generation import stages
from components.example_generation.calendar import Calendar
from components.example_generation.checks.quarantine import write_quarantine
from components.example_generation.ingest import Prepared, finish
from components.example_generation.joining.future import Future, known_future
from components.example_generation.reading.small_files import SmallFiles
from components.example_generation.report import IngestReport
from contracts.rows import SERIES_KEYS, read_flat
from pipeline.config import Config
from pipeline.engine.arguments import arguments_of
from pipeline.engine.submitting import submitted
from pipeline.orders.planning.unsold import KnownIds
from pipeline.workspace import Workspace


@dataclass(frozen=True)
class RowShards:
    """A folder of data, read.

    Attributes:
        files: flat shards of rows, in order.
        stocks: flat shards of the newest stock, in order, of shards without sales too.
        report: counts and notes.
        future: what is known of the time after the last sale.
        small: the files that were read whole.
        known: every store and product that a file names.
        calendar: the dates of the folder.
        seen: rows by store and date, by contract file, of each worker (``components.example_generation.calendar``).
    """

    files: list[str]
    stocks: list[str]
    report: IngestReport
    future: Future
    small: SmallFiles
    known: KnownIds
    calendar: Calendar
    seen: dict[str, list[pa.Table]]

    def stock(self) -> pa.Table:
        """The newest stock of all series."""
        return pa.concat_tables([read_flat(path) for path in self.stocks])


@contextmanager
def beam_pipeline(
    config: Config, workspace: Workspace, scratch: Path, does: str, data: Path | None = None
) -> Iterator[beam.Pipeline]:
    """A Beam pipeline to build in a block, which is run at the block's end on the engine that is configured.

    Args:
        workspace: in whose folder the work goes on.
        scratch: folder of the command, whose name no other one has; part of the job's name on a cluster.
        does: what the pipeline does, in one word; the other part.
        data: folder that is read.

    Raises:
        UserError: the engine cannot be used as it is set.
        SystemFault: it does not answer, or the job failed there.
    """
    job = f"{config.name}-{scratch.name.strip('.')}-{does}"
    folders = [] if data is None else [data]
    with (
        submitted(arguments_of(config), workspace.artifacts, job, folders) as arguments,
        beam.Pipeline(options=PipelineOptions(arguments)) as pipeline,
    ):
        yield pipeline


def write_row_shards(
    prepared: Prepared, config: Config, scratch: Path, workspace: Workspace, blocks: Path | None = None
) -> RowShards:
    """Writes the rows of a folder of data as flat shards (contracts.rows) below ``scratch``.

    Args:
        config: how Beam is called.
        scratch: folder of the workspace for the shards.
        workspace: that takes rows that are set aside.
        blocks: folder of the workspace that keeps the checked rows of each block, shard by shard; None: nothing does.

    Raises:
        DataRejected: the data breaks the contract; names every problem.
        UserError: as of ``beam_pipeline``; SystemFault too.
    """
    folder = scratch / "rows"
    folder.mkdir()
    with (
        tempfile.TemporaryDirectory(prefix="blocks-", dir=scratch)
        if blocks is None
        else nullcontext(str(blocks)) as place
    ):
        with beam_pipeline(config, workspace, scratch, "rows", prepared.inputs.folder) as pipeline:
            stages.build(pipeline, prepared, str(folder), place, "arrow")
        report, whole, calendar = finish(prepared, stages.read_report(place))
    stores, products = (
        set().union(*(ids for (_, of), ids in whole.ids.items() if of == column)) for column in SERIES_KEYS
    )
    write_quarantine(workspace.quarantine, whole.quarantined)
    rows, stocks = (sorted(map(str, folder.glob(f"{kind}*"))) for kind in (stages.ROWS, stages.STOCK))
    return RowShards(
        rows,
        stocks,
        report,
        known_future(prepared.small, prepared.options, calendar),
        prepared.small,
        KnownIds(stores, products),
        calendar,
        whole.seen,
    )
