"""One training run from a folder of data to two pushed models."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler

from components.errors import UserError
from components.metrics_store.opening import choose
from pipeline.assembly import build_pipeline
from pipeline.batch import find_batch
from pipeline.closing import print_closing
from pipeline.config import Config
from pipeline.node import connection, discard_unfinished, for_run
from pipeline.progress import Progress, components_table
from pipeline.runner import run_pipeline
from pipeline.store_run import store_run
from pipeline.summary import FAILED, PUSHED, summarise, write_summary
from pipeline.workspace import Workspace

_EXIT_CODES = {PUSHED: 0, FAILED: 1}
_REFUSED = 3


def run_training(
    data: Path, workspace_root: Path, config: Config, console: Console, re_baseline: str = ""
) -> int:
    """Trains, judges and pushes; prints the progress and the closing summary, and writes summary.json and the page.

    Args:
        data: folder with the files of the data contract.
        workspace_root: where everything goes.
        config: of the run.
        console: what is printed on.
        re_baseline: why the pair that serves now does not count this time; empty where it does.

    Returns:
        The exit code: 0 when both models were pushed, 1 when a component failed, 3 when a gate refused.

    Raises:
        UserError: the folder, the workspace or the configuration cannot be used.
    """
    workspace = Workspace(workspace_root.resolve())
    workspace.create()
    with workspace.lock():
        run_id, today = new_run_id(), datetime.now().astimezone().date()
        console.print(f"run {run_id} in {workspace.root}", highlight=False, soft_wrap=True)
        url = config.database_url
        choose(workspace.store, url.get_secret_value() if url else None)
        batch = find_batch(data.resolve(), config, workspace)
        compiled = compiler.Compiler().compile(build_pipeline(config, workspace, batch, today, re_baseline))
        ready = for_run(compiled, run_id)
        metadata_config = connection(ready)
        discarded = discard_unfinished(metadata_config, workspace.artifacts)
        if discarded:
            console.print(f"removed {len(discarded)} half-written output(s) of a killed run", highlight=False)
        with Progress(console) as progress:
            results = run_pipeline(ready, workspace.logs(run_id), config.workers, progress)
        if not console.is_terminal:
            console.print(components_table(results))
        summary = summarise(run_id, config, metadata_config, results)
        write_summary(summary, workspace.report(run_id))
        _store(console, summary, workspace, config, metadata_config)
        _write_page(console, summary, workspace, metadata_config)
        print_closing(console, summary, workspace)
    return _EXIT_CODES.get(summary["status"], _REFUSED)


def _store(
    console: Console,
    summary: dict[str, Any],
    workspace: Workspace,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> None:
    try:
        store_run(summary, workspace, config, metadata_config)
    except (UserError, psycopg.Error) as error:
        # The models serve or were refused, whatever the database says; an exporter that failed is in the summary.
        console.print(f"the store was not told how the run ended: {error}", markup=False, soft_wrap=True)


def _write_page(
    console: Console,
    summary: dict[str, Any],
    workspace: Workspace,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> None:
    # Only now: a plotting library in the parent would be part of every node's memory and of every start.
    from pipeline.report.writing import write_report

    try:
        write_report(workspace, summary["run_id"], metadata_config, summary)
    except Exception as error:
        # By now the models serve or were refused; whatever is wrong with the page cannot change how the run ended.
        console.print(
            f"the report could not be written ({type(error).__name__}: {error}); once that is mended, call "
            f"'retail-inventory report --run {summary['run_id']}'",
            markup=False,
            soft_wrap=True,
        )


def new_run_id() -> str:
    """Sorts by time, and is unique even for two runs within one second."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)
