"""Runs a compiled pipeline on this machine: every node in a process of its own, several side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfx.proto.orchestration import pipeline_pb2

from pipeline.node_result import NodeResult
from pipeline.running.node import node_ids
from pipeline.running.node_process import Child, fork, freeze_memory, report_of

_POLL_SECONDS = 0.05


@dataclass
class _Running:
    result: NodeResult
    began: float
    child: Child


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
    running: list[_Running] = []
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
                running.append(_start(pipeline, result))
            if not running:
                break
            running = _collect(running)
            for entry in running:
                entry.result.seconds = time.monotonic() - entry.began
            if watch:
                watch(list(results.values()))
    finally:
        for entry in running:
            entry.child.end()
    for result in results.values():
        if result.state == "waiting":
            result.state = "skipped"
    if watch:
        watch(list(results.values()))
    return list(results.values())


def _collect(running: list[_Running]) -> list[_Running]:
    """Takes the results of what has ended; returns what still runs."""
    time.sleep(_POLL_SECONDS)
    left = []
    for entry in running:
        ended = entry.child.ended()
        if ended is None:
            left.append(entry)
            continue
        entry.result.seconds = time.monotonic() - entry.began
        entry.result.peak_mib = ended.peak_mib
        entry.result.take(ended.report)
    return left


def _start(pipeline: pipeline_pb2.Pipeline, result: NodeResult) -> _Running:
    assert result.log is not None
    began = time.monotonic()
    return _Running(result, began, fork(result.log, lambda: report_of(pipeline, result.node)))
