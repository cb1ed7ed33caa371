"""The workspace's lock and its folder."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.workspace import Workspace


def test_two_runs_cannot_share_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.workspace.PATIENCE", 0.1)
    workspace = Workspace(tmp_path)
    with workspace.lock(), pytest.raises(UserError, match="another run is working here"), workspace.lock():
        pass
    with workspace.lock():
        pass


def _hold(root: Path, ready: Path) -> None:
    with Workspace(root).lock():
        ready.touch()
        time.sleep(60)


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = tmp_path / "ready"
    monkeypatch.setattr("pipeline.workspace.PATIENCE", 0.1)
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


def test_a_killed_runs_node_is_waited_for_while_it_dies(tmp_path: Path) -> None:
    end, held = os.pipe()
    with Workspace(tmp_path).lock():
        dying = os.fork()  # Inherits the lock, as a node does.
        if dying == 0:
            os.close(held)
            os.read(end, 1)
            time.sleep(0.5)
            os._exit(0)
    with Workspace(tmp_path).root.joinpath(".lock").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(held)
    with Workspace(tmp_path).lock():
        assert os.waitpid(dying, 0) == (dying, 0)
    os.close(end)


def test_a_workspace_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be used as a workspace"):
        Workspace(tmp_path / "file" / "workspace").create()
