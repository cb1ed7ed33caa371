"""One training run from a folder of data to two pushed models."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.assembly.compiling import prepare
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.running.completion import Ending, finish
from pipeline.running.node import connection, discard_unfinished
from pipeline.running.runner import Watch, run_pipeline
from pipeline.running.store_run import store_beginning
from pipeline.telemetry.logs import Logs
from pipeline.workspace import Workspace, new_run_id

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

LOG = logging.getLogger(__name__)


def run_training(
    data: Path,
    workspace: Workspace,
    config: Config,
    say: Callable[[str], None],
    watch: Watch,
    re_baseline: str = "",
    collector: Collector | None = None,
    because: str = "",
    by: str = "",
) -> Ending:
    """Trains, judges and pushes, and writes summary.json and the page.

    Args:
        data: folder with the files of the data contract.
        workspace: where everything goes.
        say: takes lines that a person should read at once.
        watch: called several times a second with the state of all nodes.
        re_baseline: why the pair that serves now does not count this time; empty where it does.
        collector: takes lines and trace of the run too.
        because: why it runs; on its page and in its summary.
        by: who runs it, for the audit trail where the pair that serves does not count.

    Raises:
        UserError: the folder, the workspace or the configuration cannot be used.
    """
    workspace.create()
    with workspace.lock():
        run_id, today = new_run_id(), datetime.now().astimezone().date()
        say(f"run {run_id} in {workspace.root}")
        logs = Logs(run_id, workspace.logs(run_id), collector)
        with logs.command("run", forks=True):
            config, note = settle_as_of(data, config, later_is_last=True)
            if note:
                say(f"  note: {note}")
                LOG.info("%s", note)
            ready = prepare(data, workspace, config, run_id, today, re_baseline)
            store_beginning(run_id, workspace, config, because, re_baseline, by)
            metadata_config = connection(ready)
            discarded = discard_unfinished(metadata_config, workspace.artifacts)
            if discarded:
                say(f"removed {len(discarded)} half-written output(s) of a killed run")
                LOG.warning("half-written outputs of a killed run removed", extra={"outputs": len(discarded)})
            results = run_pipeline(ready, logs, config.workers, watch)
            return finish(run_id, workspace, config, metadata_config, results, collector, because)
