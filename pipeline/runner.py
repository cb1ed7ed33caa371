"""Runs a compiled pipeline on this machine: every node in a process of its own, several side by side."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfx.proto.orchestration import pipeline_pb2

from components.errors import Problem
from pipeline.node import node_ids
from pipeline.node_process import fork, freeze_memory, how_it_ended, report_of
from pipeline.node_result import NodeResult

_POLL_SECONDS = 0.05


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
    freeze_memory()
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
                running[_start(pipeline, result, report)] = _Running(result, time.monotonic(), report)
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
            result.state, result.reason = "failed", how_it_ended(status)


def _start(pipeline: pipeline_pb2.Pipeline, result: NodeResult, report: Path) -> int:
    def act() -> None:
        aside = report.with_suffix(".part")
        aside.write_text(json.dumps(report_of(pipeline, result.node)))
        aside.rename(report)

    assert result.log is not None
    return fork(result.log, act)
