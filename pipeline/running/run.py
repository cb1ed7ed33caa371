"""One training run from a folder of data to two pushed models."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console

from pipeline.assembly.compiling import prepare
from pipeline.cli.output.progress import Progress, components_table
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.running.completion import finish
from pipeline.running.node import connection, discard_unfinished
from pipeline.running.runner import run_pipeline
from pipeline.workspace import Workspace


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
        The exit code, as of ``finish``.

    Raises:
        UserError: the folder, the workspace or the configuration cannot be used.
    """
    workspace = Workspace(workspace_root.resolve())
    workspace.create()
    with workspace.lock():
        run_id, today = new_run_id(), datetime.now().astimezone().date()
        console.print(f"run {run_id} in {workspace.root}", highlight=False, soft_wrap=True)
        config, note = settle_as_of(data, config, later_is_last=True)
        if note:
            console.print(f"  note: {note}", highlight=False, soft_wrap=True)
        ready = prepare(data, workspace, config, run_id, today, re_baseline)
        metadata_config = connection(ready)
        discarded = discard_unfinished(metadata_config, workspace.artifacts)
        if discarded:
            console.print(f"removed {len(discarded)} half-written output(s) of a killed run", highlight=False)
        with Progress(console) as progress:
            results = run_pipeline(ready, workspace.logs(run_id), config.workers, progress)
        if not console.is_terminal:
            console.print(components_table(results))
        return finish(console, run_id, workspace, config, metadata_config, results)


def new_run_id() -> str:
    """Sorts by time, and is unique even for two runs within one second."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)
