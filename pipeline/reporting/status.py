"""Past runs of a workspace, from ML Metadata."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from contracts.errors import UserError
from contracts.records.summary import SUMMARY_FILE, Summary
from pipeline.workspace import Workspace

_State = metadata_store_pb2.Execution.State


def past_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """Each run, oldest first: id, when it began (UTC), how it ended and why, and how many components ran.

    Raises:
        UserError: the workspace holds no metadata.
    """
    store = metadata_store.MetadataStore(read_only(workspace))
    runs = []
    for context in store.get_contexts_by_type("pipeline_run"):
        executions = store.get_executions_by_context(context.id)
        states = [execution.last_known_state for execution in executions]
        runs.append(
            {
                "run_id": context.name,
                "began": datetime.fromtimestamp(context.create_time_since_epoch / 1000, timezone.utc),
                "ran": states.count(_State.COMPLETE),
                "cached": states.count(_State.CACHED),
                "failed": states.count(_State.FAILED),
                "unfinished": states.count(_State.RUNNING) + states.count(_State.NEW),
                **_recorded(workspace, context.name),
            }
        )
    return sorted(runs, key=lambda run: (run["began"], run["run_id"]))


def read_only(workspace: Workspace) -> metadata_store_pb2.ConnectionConfig:
    """How to read the workspace's metadata without being able to change them.

    Raises:
        UserError: the workspace holds none.
    """
    if not workspace.metadata.exists():
        raise UserError(f"{workspace.root}: holds no runs yet; give the --workspace that you ran in")
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(workspace.metadata)
    config.sqlite.connection_mode = config.sqlite.READONLY
    return config


def _recorded(workspace: Workspace, run_id: str) -> dict[str, Any]:
    path = workspace.report(run_id) / SUMMARY_FILE
    if not path.exists():
        return {"status": "killed", "reasons": []}
    summary = Summary.read(path)
    failed = [
        f"{found.node}: {found.reason}"
        for found in summary.components
        if found.state in ("failed", "refused")
    ]
    return {
        "status": summary.status,
        "reasons": [*failed, *map(str, summary.data.problems), *summary.reasons],
    }
