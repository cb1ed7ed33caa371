"""What is in the serving directory, for people and programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.errors import UserError
from pipeline.workspace import Workspace
from serving.directory.layout import read_history, read_manifest, read_state
from serving.directory.pushing import stage_of


def described(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """The kept versions, newest first, and what was done to the directory, newest first.

    Args:
        workspace: with a serving directory.
        now: ages are counted up to it.

    Returns:
        ``stable`` and ``canary`` (versions or None); ``versions``: version, stage, age_days (since its push),
        run_id, first_date, last_date, metrics by model, transform_graph; ``history``.

    Raises:
        UserError: nothing was pushed yet.
    """
    root = workspace.serving
    state, history = read_state(root), read_history(root)
    if state.stable is None:
        raise UserError(f"{root}: holds no pushed pair; run the pipeline in this workspace first")
    versions = []
    for version in reversed(state.kept):
        manifest = read_manifest(root, version)
        age = now - datetime.fromisoformat(manifest["pushed_at"])
        versions.append(
            {
                "version": version,
                "stage": stage_of(state, version),
                "pushed_at": manifest["pushed_at"],
                "age_days": round(age.total_seconds() / 86400, 2),
                "transform_graph": manifest["transform_graph"],
                **manifest["facts"],
            }
        )
    return {
        "stable": state.stable,
        "canary": state.canary,
        "versions": versions,
        "history": list(reversed(history)),
    }
