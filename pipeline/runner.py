"""Runs a compiled pipeline on this machine: every node in a process of its own, several side by side.

The processes are forked once TFX is imported, so that a node starts at once instead of importing for seconds. A
process of its own keeps a node's memory, threads and output apart, and lets a node be killed without harm. What
must not be carried over a fork (threads, TensorFlow's runtime, open metadata) is never started in the parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tfx.proto.orchestration import pipeline_pb2

from components.errors import DataRejected, Problem, UserError
from pipeline.compat import quiet_logs
from pipeline.node import node_ids, run_node

_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)
_POLL_SECONDS = 0.05


@dataclass
class NodeResult:
    """How one node ended.

    Attributes:
        node: its id.
        state: ``waiting``, ``running``, ``ran``, ``cached``, ``refused``, ``failed`` or ``skipped``.
        seconds: wall time.
        peak_mib: largest resident memory of its process, MiB.
        reason: what stopped it, empty where nothing did.
        problems: the data's faults, where it refused them.
        checks: records of the data gate that refused them.
        log: where its output went.
    """

    node: str
    state: str = "waiting"
    seconds: float = 0.0
    peak_mib: int = 0
    reason: str = ""
    problems: list[Problem] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    log: Path | None = None

    @property
    def ended_well(self) -> bool:
        return self.state in ("ran", "cached")


@dataclass
class _Running:
    result: NodeResult
    began: float
    report: Path


Watch = Callable[[list[NodeResult]], None]


def run_pipeline(
    pipeline: pipeline_pb2.Pipeline, logs: Path, workers: int, watch: Watch | None = None
) -> list[NodeResult]:
    """Runs every node after those it depends on; after a failure lets running nodes end and starts no more.

    Args:
        pipeline: compiled, with its run id filled in.
        logs: folder for one log file a node.
        workers: nodes side by side.
        watch: called several times a second with the state of all nodes.

    Returns:
        One result a node, in the pipeline's order.
    """
    logs.mkdir(parents=True, exist_ok=True)
    # What was imported stays; without this every node's garbage collector would walk, and so copy, all of it.
    gc.collect()
    gc.freeze()
    upstream = node_ids(pipeline)
    results = {node: NodeResult(node, log=logs / f"{node}.log") for node in upstream}
    running: dict[int, _Running] = {}
    try:
        while True:
            halted = any(result.state in ("failed", "refused") for result in results.values())
            ready = [
                result
                for node, result in results.items()
                if result.state == "waiting" and all(results[before].ended_well for before in upstream[node])
            ]
            for result in [] if halted else ready[: workers - len(running)]:
                result.state = "running"
                report = logs / f"{result.node}.json"
                running[_fork(pipeline, result, report)] = _Running(result, time.monotonic(), report)
            if not running:
                break
            _collect(running)
            for entry in running.values():
                entry.result.seconds = time.monotonic() - entry.began
            if watch:
                watch(list(results.values()))
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    for result in results.values():
        if result.state == "waiting":
            result.state = "skipped"
    if watch:
        watch(list(results.values()))
    return list(results.values())


def _collect(running: dict[int, _Running]) -> None:
    time.sleep(_POLL_SECONDS)
    for pid in list(running):
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if not ended:
            continue
        entry = running.pop(pid)
        result = entry.result
        result.seconds = time.monotonic() - entry.began
        result.peak_mib = usage.ru_maxrss // 1024
        if entry.report.exists():
            report = json.loads(entry.report.read_text())
            entry.report.unlink()
            result.state, result.reason = report["state"], report["reason"]
            result.problems = [Problem.from_fields(fields) for fields in report["problems"]]
            result.checks = report.get("checks", [])
        else:
            code = os.waitstatus_to_exitcode(status)
            result.state = "failed"
            result.reason = f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def _fork(pipeline: pipeline_pb2.Pipeline, result: NodeResult, report: Path) -> int:
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
        _become_node(result, parent)
        content = json.dumps(_report(pipeline, result.node))
        aside = report.with_suffix(".part")
        aside.write_text(content)
        aside.rename(report)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # No clean-up of what was inherited from the parent.
        os._exit(code)


def _become_node(result: NodeResult, parent: int) -> None:
    os.setpgid(0, 0)
    # The node must not outlive a run that was killed: the next run would find it still writing.
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log = os.open(str(result.log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    # The parent's may stand for something else than file descriptors 1 and 2.
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    quiet_logs()


def _report(pipeline: pipeline_pb2.Pipeline, node: str) -> dict[str, object]:
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
        return {"state": "failed", "reason": str(error), "problems": []}
    except Exception as error:
        traceback.print_exc()
        first = (str(error).strip().splitlines() or [""])[0]
        return {"state": "failed", "reason": f"{type(error).__name__}: {first}", "problems": []}
