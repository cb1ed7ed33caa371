"""The workspace's lock and its folder."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from contracts.errors import SystemFault, UserError
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


@pytest.mark.parametrize("name", ["run [1]", "a*", "what?", "a\\b", "line\nbreak", "tab\t", "run]", "\udcff"])
def test_a_workspace_that_means_something_else_to_tensorflow_is_refused_at_once(
    tmp_path: Path, name: str
) -> None:
    for place in (tmp_path / name, tmp_path / name / "inner"):
        with pytest.raises(UserError, match="characters"):
            Workspace(place).create()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["two words", "50%", "it's", 'a "b"', "Müsli", "a#b", "a&b;c", "{x}", "-w", "~"]
)
def test_any_other_name_is_one(tmp_path: Path, name: str) -> None:
    Workspace(tmp_path / name).create()
    with Workspace(tmp_path / name).lock():
        assert (tmp_path / name).is_dir()


def test_a_workspace_that_is_gone_cannot_be_held(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"), Workspace(tmp_path / "gone").lock():
        pass


def test_a_full_disk_is_no_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(SystemFault, match="No space left on device"):
        Workspace(tmp_path).create()
