"""The versions in the serving directory."""

from __future__ import annotations

from pathlib import Path

from components.errors import UserError
from pipeline.workspace import Workspace


def newest_version(workspace: Workspace, model: str) -> Path:
    """Folder of the version that TensorFlow Serving would take: the highest number.

    Raises:
        UserError: nothing was pushed yet.
    """
    folder = workspace.serving(model)
    versions = [path for path in folder.glob("*") if path.name.isdigit()]
    if not versions:
        raise UserError(f"{folder}: holds no pushed model; run the pipeline in this workspace first")
    return max(versions, key=lambda path: int(path.name))
