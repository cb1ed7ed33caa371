"""After a change of what serves: whoever is outside of the workspace is told."""

from __future__ import annotations

from pipeline.cli.sharing.publication import publish_change
from pipeline.cli.sharing.registry import tell_registry
from pipeline.workspace import Workspace


def share(workspace: Workspace, run_id: str | None = None) -> bool:
    """Has the object store show what serves now, and tells the registry, where the workspace has one or the other.

    Args:
        run_id: of the run whose lines these belong to.

    Returns:
        Whether those who follow the object store will serve it; true where there is none.
    """
    shown = publish_change(workspace, run_id)
    tell_registry(workspace, run_id)
    return shown
