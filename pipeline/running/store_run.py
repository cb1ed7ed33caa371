"""That a run began and how it ended, into the store: also one that a gate stopped before the exporter."""

from __future__ import annotations

from datetime import datetime, timezone

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from ml_metadata.proto import metadata_store_pb2

from components.metrics_exporter.executor import load_statistics
from components.metrics_exporter.exporting import begin_run, bury_earlier, end_run, export_tables
from components.metrics_exporter.tables import statistics_table
from contracts import nodes
from contracts.records.summary import Summary
from pipeline.audit import record_directory
from pipeline.config import Config
from pipeline.reporting.outputs import artifacts_of_run, first
from pipeline.workspace import Workspace
from store.audit import Act, record
from store.connections import connect
from store.opening import opened


def store_beginning(
    run_id: str, workspace: Workspace, config: Config, because: str = "", re_baseline: str = "", by: str = ""
) -> None:
    """Writes that the run began, so that one which hangs can be seen, and that somebody gave up its baseline.

    Args:
        because: why it runs, where that is known.
        re_baseline: why the pair that serves does not count this time; empty where it does.
        by: who says so.

    Raises:
        UserError: the store cannot be used.
    """
    with opened(workspace.store) as connections, connect(connections.writer) as connection:
        bury_earlier(connection, run_id)
        begin_run(connection, run_id, config.data.period_days, because)
        if re_baseline:
            now, occasion = datetime.now(timezone.utc), f"run {run_id}"
            record(connection, [Act(now, "re_baseline", "the pair that serves", by, re_baseline, occasion)])


def store_run(
    summary: Summary,
    workspace: Workspace,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> None:
    """Writes the run's row, its components and the checks of both gates.

    Of a run that ended before the exporter, also the statistics of its rows.

    Raises:
        UserError: the store cannot be used.
    """
    run_id = summary.run_id
    outputs = artifacts_of_run(metadata_config, run_id)
    made = first(outputs, nodes.STATISTICS_GEN, "statistics")
    tables = {}
    if made and nodes.METRICS_EXPORTER not in outputs:
        tables["data_statistics"] = statistics_table(run_id, load_statistics(made.uri))
    with opened(workspace.store) as connections, connect(connections.writer) as connection:
        windows = config.windows
        end_run(connection, summary, config.data.period_days, windows.test_periods, windows.eval_periods)
        export_tables(connection, run_id, tables)
        record_directory(connection, workspace.serving)
