"""The workspace's lock and its folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.workspace import Workspace


def test_two_runs_cannot_share_a_workspace(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with workspace.lock(), pytest.raises(UserError, match="another run is working here"), workspace.lock():
        pass
    with workspace.lock():
        pass


def _hold(root: Path, ready: Path) -> None:
    with Workspace(root).lock():
        ready.touch()
        time.sleep(60)


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(tmp_path, ready))
    process.start()
    while not ready.exists():
        time.sleep(0.01)
    with pytest.raises(UserError), Workspace(tmp_path).lock():
        pass
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with Workspace(tmp_path).lock():
        pass


def test_a_workspace_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be used as a workspace"):
        Workspace(tmp_path / "file" / "workspace").create()
