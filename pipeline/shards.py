"""A folder of data as files of whole series, read and checked on Beam."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of Beam's companions)
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from components.example_generation import stages
from components.example_generation.ingest import finish, prepare
from components.example_generation.report import IngestReport
from pipeline.compat import beam_arguments
from pipeline.config import Config


def beam_options(config: Config) -> PipelineOptions:
    """Beam's options as configured."""
    return PipelineOptions(list(beam_arguments() if config.beam_arguments is None else config.beam_arguments))


def write_row_shards(data: Path, config: Config, scratch: Path) -> tuple[list[str], IngestReport]:
    """Writes the rows of a folder of data as flat shards (components.rows) below ``scratch``.

    Returns:
        Their files, in order, and what was read.

    Raises:
        DataRejected: the data breaks the contract; names every problem.
    """
    rows = scratch / "rows"
    rows.mkdir()
    prepared = prepare(data, config.data)
    with tempfile.TemporaryDirectory(prefix="blocks-", dir=scratch) as blocks:
        with beam.Pipeline(options=beam_options(config)) as pipeline:
            stages.build(pipeline, prepared, str(rows), blocks, "arrow")
        report, _ = finish(prepared, stages.read_report(blocks))
    return sorted(map(str, rows.glob("*.arrow"))), report
