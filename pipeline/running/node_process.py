"""A process for one node, forked from one that has imported TFX.

So a node starts at once instead of importing for seconds. A process of its own keeps its memory, threads and output
apart, and lets it be killed without harm. What must not be carried over a fork (threads, TensorFlow's runtime, open
metadata) is never started in the parent.

Not by multiprocessing's forkserver, which would import TFX once more beside a process that has it, 6 s and 420 MiB; nor
by its Process, which does not tell the memory of one that was killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tfx.proto.orchestration import pipeline_pb2

from contracts.errors import DataRejected, Failure, UserError, is_systems
from contracts.exit_codes import ExitCode
from pipeline.compat import quiet_logs
from pipeline.node_result import NodeResult
from pipeline.running.node import run_node
from pipeline.telemetry.logs import Logs, without_values

LOG = logging.getLogger(__name__)
SCRATCH = "retail-inventory-node-"
"""What the names of nodes' temporary folders begin with."""
_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)


def freeze_memory() -> None:
    """What was imported stays; without this every node's garbage collector would walk, and so copy, all of it."""
    gc.collect()
    gc.freeze()
    # Graphs and pipelines are millions of objects that all stay; the default looks through the new ones every 700.
    gc.set_threshold(50_000, 20, 20)


class NodeProcess:
    """A node's process, which dies with this one.

    Attributes:
        pipe: brings its report, and can be read when it ends. A full disk must not keep a node from saying so.
    """

    def __init__(self, node: str, logs: Logs, act: Callable[[], dict[str, Any]]) -> None:
        """Starts it.

        Args:
            node: id of the node.
            logs: of the run: its lines, and what it prints, behind what is there already.
            act: what it does; returns its report, fields of NodeResult. What it raises is the report otherwise.

        Raises:
            OSError: the machine has no room for it.
        """
        self._node, self._log = node, logs.output(node)
        self._began, self._began_at = time.monotonic(), time.time()
        self._report: dict[str, Any] | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pipe, theirs = multiprocessing.Pipe(duplex=False)
        # Goes with the process: one that is killed removes none, and one that ends without clean-up neither.
        self._scratch = tempfile.mkdtemp(prefix=SCRATCH)
        parent = os.getpid()
        try:
            self._pid = os.fork()
        except OSError:
            self._forget()
            raise
        if not self._pid:
            try:
                os.environ["TMPDIR"] = tempfile.tempdir = self._scratch
                _be_node(node, logs, parent, theirs, act)
            finally:
                # Whatever happens: no clean-up of what was inherited from the parent, and no way back into its code.
                os._exit(ExitCode.FAILURE)
        theirs.close()
        # Both sides set the group, so that it exists whoever comes first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(self._pid, self._pid)

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._began

    def ended(self) -> NodeResult | None:
        """How it ended; None while it runs. To be called again and again, since a report must be read to be sent."""
        found, status, usage = os.wait4(self._pid, os.WNOHANG)
        if self.pipe.poll():
            with contextlib.suppress(EOFError, OSError):  # Nothing, or cut off by a kill.
                self._report = json.loads(self.pipe.recv_bytes())
        if not found:
            return None
        self._forget()
        report = self._report or _failed(_how_it_ended(status))
        ours = {
            "node": self._node,
            "began": self._began_at,
            "peak_mib": usage.ru_maxrss // 1024,
            "log": self._log,
        }
        return NodeResult.from_fields(report | ours)

    def kill(self) -> None:
        """Ends it, and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def end(self) -> None:
        """Kills it, and waits until it is gone."""
        self.kill()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._forget()

    def _forget(self) -> None:
        self.pipe.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _be_node(node: str, logs: Logs, parent: int, pipe: Connection, act: Callable[[], dict[str, Any]]) -> None:
    lines = None
    try:
        _become_node(logs.output(node), parent)
        lines = logs.start(node, sys.stdout)
        LOG.info("node begins")
        report = act()
    except BaseException as error:
        report = report_on(error)
    with contextlib.suppress(OSError, ValueError):
        LOG.info("node ended", extra={"state": report["state"]})
        if lines is not None:
            lines.end()
        sys.stdout.flush()
        sys.stderr.flush()
    pipe.send_bytes(json.dumps(report, default=str).encode())
    os._exit(ExitCode.SUCCESS)


def _become_node(log: Path, parent: int) -> None:
    os.setpgid(0, 0)
    # The node must not outlive a run that was killed: the next run would find it still writing.
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(ExitCode.FAILURE)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
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
        if isinstance(error, DataRejected):
            LOG.error("data refused", extra={"problems": without_values(error)})
        else:
            LOG.error(str(error) if expected else "the node failed", exc_info=None if expected else error)
    if isinstance(error, DataRejected):
        problems = [asdict(problem) for problem in error.problems]
        checks = [check.model_dump(mode="json") for check in error.checks]
        reason = f"{len(problems)} problem(s) in the data"
        return {"state": "refused", "reason": reason, "problems": problems, "checks": checks}
    if isinstance(error, Failure):
        return _failed(str(error), by_user=isinstance(error, UserError))
    first = (str(error).strip().splitlines() or [""])[0]
    return _failed(f"{type(error).__name__}: {first}")


def _failed(reason: str, *, by_user: bool = False) -> dict[str, Any]:
    return {"state": "failed", "reason": reason, "problems": [], "by_user": by_user}
