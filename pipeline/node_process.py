"""A process for one node, forked from one that has imported TFX.

So a node starts at once instead of importing for seconds. A process of its own keeps its memory, threads and output
apart, and lets it be killed without harm. What must not be carried over a fork (threads, TensorFlow's runtime, open
metadata) is never started in the parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tfx.proto.orchestration import pipeline_pb2

from components.errors import DataRejected, UserError
from pipeline.compat import quiet_logs
from pipeline.node import run_node

_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)


def freeze_memory() -> None:
    """What was imported stays; without this every node's garbage collector would walk, and so copy, all of it."""
    gc.collect()
    gc.freeze()


def fork(log: Path, act: Callable[[], None]) -> int:
    """Starts a child that acts and ends; returns its process id, which is its process group's too.

    The child dies with this process. Its exit code is 0 where ``act`` returned.

    Args:
        log: takes what the child prints, behind what is there already.
        act: what the child does.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        # Both sides set the group, so that it exists whoever comes first.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        _become_node(log, parent)
        act()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            # Whatever happens: no clean-up of what was inherited from the parent, and no way back into its code.
            os._exit(code)


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


def how_it_ended(status: int) -> str:
    """What a wait status says of a child that reported nothing."""
    code = os.waitstatus_to_exitcode(status)
    return f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def report_of(pipeline: pipeline_pb2.Pipeline, node: str) -> dict[str, Any]:
    """Runs a node in this process; returns how it ended: fields of NodeResult, problems as plain fields."""
    try:
        return {"state": run_node(pipeline, node), "reason": "", "problems": []}
    except DataRejected as error:
        print(error)
        return {
            "state": "refused",
            "reason": f"{len(error.problems)} problem(s) in the data",
            "problems": [asdict(problem) for problem in error.problems],
            "checks": error.checks,
        }
    except UserError as error:
        print(error)
        return {"state": "failed", "reason": str(error), "problems": [], "by_user": True}
    except Exception as error:
        traceback.print_exc()
        first = (str(error).strip().splitlines() or [""])[0]
        return {"state": "failed", "reason": f"{type(error).__name__}: {first}", "problems": []}
