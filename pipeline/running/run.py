"""One training run from a folder of data to two pushed models."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from pipeline.assembly.compiling import prepare
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.running.completion import Ending, finish
from pipeline.running.node import connection, discard_unfinished
from pipeline.running.runner import Watch, run_pipeline
from pipeline.running.store_run import store_beginning
from pipeline.workspace import Workspace


def run_training(
    data: Path,
    workspace: Workspace,
    config: Config,
    say: Callable[[str], None],
    watch: Watch,
    re_baseline: str = "",
) -> Ending:
    """Trains, judges and pushes, and writes summary.json and the page.

    Args:
        data: folder with the files of the data contract.
        workspace: where everything goes.
        say: takes lines that a person should read at once.
        watch: called several times a second with the state of all nodes.
        re_baseline: why the pair that serves now does not count this time; empty where it does.

    Raises:
        UserError: the folder, the workspace or the configuration cannot be used.
    """
    workspace.create()
    with workspace.lock():
        run_id, today = new_run_id(), datetime.now().astimezone().date()
        say(f"run {run_id} in {workspace.root}")
        config, note = settle_as_of(data, config, later_is_last=True)
        if note:
            say(f"  note: {note}")
        ready = prepare(data, workspace, config, run_id, today, re_baseline)
        store_beginning(run_id, workspace, config)
        metadata_config = connection(ready)
        discarded = discard_unfinished(metadata_config, workspace.artifacts)
        if discarded:
            say(f"removed {len(discarded)} half-written output(s) of a killed run")
        results = run_pipeline(ready, workspace.logs(run_id), config.workers, watch)
        return finish(run_id, workspace, config, metadata_config, results)


def new_run_id() -> str:
    """Sorts by time, and is unique even for two runs within one second."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)
