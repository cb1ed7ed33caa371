"""A process for one node, forked from one that has imported TFX.

So a node starts at once instead of importing for seconds. A process of its own keeps its memory, threads and output
apart, and lets it be killed without harm. What must not be carried over a fork (threads, TensorFlow's runtime, open
metadata) is never started in the parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tfx.proto.orchestration import pipeline_pb2

from contracts.errors import DataRejected, Failure, UserError, is_systems
from pipeline.compat import quiet_logs
from pipeline.running.node import run_node

SCRATCH = "retail-inventory-node-"
"""What the names of nodes' temporary folders begin with."""
_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)


def freeze_memory() -> None:
    """What was imported stays; without this every node's garbage collector would walk, and so copy, all of it."""
    gc.collect()
    gc.freeze()
    # Graphs and pipelines are millions of objects that all stay; the default looks through the new ones every 700.
    gc.set_threshold(50_000, 20, 20)


@dataclass(frozen=True)
class Ended:
    """How a child ended: what it reported, fields of NodeResult, and its largest resident memory, MiB."""

    report: dict[str, Any]
    peak_mib: int


class Child:
    """A process of ``fork``. What it reports comes by a pipe: a full disk must not keep it from saying so."""

    def __init__(self, pid: int, pipe: int, scratch: str) -> None:
        """Takes up a child.

        Args:
            pid: its process id, which is its process group's too.
            pipe: where its report comes from.
            scratch: folder of its temporary files, which goes with it: a killed process removes none, and one that
                ends without the clean-up of its parent neither.
        """
        self.pid = pid
        self.pipe = pipe
        self._scratch = scratch
        self._received = bytearray()
        os.set_blocking(pipe, False)

    def ended(self) -> Ended | None:
        """How it ended; None while it runs. To be called again and again, since a report must be read to be sent."""
        self._read()
        found, status, usage = os.wait4(self.pid, os.WNOHANG)
        if not found:
            return None
        self._read()
        os.close(self.pipe)
        shutil.rmtree(self._scratch, ignore_errors=True)
        try:
            report = json.loads(self._received)
        except ValueError:  # Nothing, or cut off by a kill.
            report = _failed(_how_it_ended(status))
        return Ended(report, usage.ru_maxrss // 1024)

    def kill(self) -> None:
        """Ends it, and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kills it, and waits until it is gone."""
        self.kill()
        os.waitpid(self.pid, 0)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.pipe, 1 << 16):
                self._received += part


def fork(log: Path, act: Callable[[], dict[str, Any]]) -> Child:
    """Starts a child that acts and ends.

    The child dies with this process.

    Args:
        log: takes what the child prints, behind what is there already.
        act: what the child does; returns its report. What it raises is the report otherwise.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    scratch = tempfile.mkdtemp(prefix=SCRATCH)
    ours, theirs = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(ours)
        os.close(theirs)
        Path(scratch).rmdir()
        raise
    if pid:
        os.close(theirs)
        # Both sides set the group, so that it exists whoever comes first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return Child(pid, ours, scratch)
    try:
        os.environ["TMPDIR"] = tempfile.tempdir = scratch
        _be_child(log, parent, theirs, act)
    finally:
        # Whatever happens: no clean-up of what was inherited from the parent, and no way back into its code.
        os._exit(1)


def _be_child(log: Path, parent: int, pipe: int, act: Callable[[], dict[str, Any]]) -> None:
    try:
        _become_node(log, parent)
        report = act()
    except BaseException as error:
        report = report_on(error)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    content = memoryview(json.dumps(report, default=str).encode())
    while content:
        content = content[os.write(pipe, content) :]
    os._exit(0)


def _become_node(log: Path, parent: int) -> None:
    os.setpgid(0, 0)
    # The node must not outlive a run that was killed: the next run would find it still writing.
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.open(str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    # The parent's may stand for something else than file descriptors 1 and 2.
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", buffering=1, closefd=False) for fd in (1, 2))
    quiet_logs()


def _how_it_ended(status: int) -> str:
    """What a wait status says of a child that reported nothing."""
    code = os.waitstatus_to_exitcode(status)
    return f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def report_of(pipeline: pipeline_pb2.Pipeline, node: str) -> dict[str, Any]:
    """Runs a node in this process; returns how it ended: fields of NodeResult, problems as plain fields."""
    try:
        return {"state": run_node(pipeline, node), "reason": "", "problems": []}
    except Exception as error:
        return report_on(error)


def report_on(error: BaseException) -> dict[str, Any]:
    """What an exception says of how a node ended, in the same form; the log gets the rest of it."""
    expected = isinstance(error, Failure) or is_systems(error)
    # A log that cannot be written to must not keep the rest from being told.
    with contextlib.suppress(OSError, ValueError):
        if expected:
            print(error)  # noqa: T201  (into the node's log)
        else:
            traceback.print_exception(error)
    if isinstance(error, DataRejected):
        problems = [asdict(problem) for problem in error.problems]
        reason = f"{len(problems)} problem(s) in the data"
        return {"state": "refused", "reason": reason, "problems": problems, "checks": error.checks}
    if isinstance(error, Failure):
        return _failed(str(error), by_user=isinstance(error, UserError))
    first = (str(error).strip().splitlines() or [""])[0]
    return _failed(f"{type(error).__name__}: {first}")


def _failed(reason: str, *, by_user: bool = False) -> dict[str, Any]:
    return {"state": "failed", "reason": reason, "problems": [], "by_user": by_user}
