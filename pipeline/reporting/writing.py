"""Writes the page of a run into its folder of reports."""

from __future__ import annotations

from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFDV)
from ml_metadata.proto import metadata_store_pb2

from contracts.durable import replace_file
from contracts.records.summary import Summary
from pipeline.reporting.page import render
from pipeline.reporting.past import run_named, summary_of
from pipeline.reporting.sources import gather
from pipeline.reporting.status import read_only
from pipeline.workspace import Workspace


def write_report(
    workspace: Workspace,
    run_id: str,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    summary: Summary,
) -> Path:
    """Writes index.html whole or not at all; returns the file."""
    page = render(gather(workspace, run_id, metadata_config, summary))
    path = workspace.page(run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    # What a name in the data holds that is no text becomes a question mark.
    return replace_file(path, page.encode("utf-8", errors="replace"))


def write_past_report(workspace: Workspace, run_id: str | None) -> Path:
    """The same again for a run that has ended, the newest where none is named; returns the file.

    Raises:
        UserError: the workspace holds no runs, or not this one.
    """
    config = read_only(workspace)
    found = run_named(workspace, run_id)
    return write_report(workspace, found, config, summary_of(workspace, found, config))
