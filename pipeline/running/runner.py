"""Runs a compiled pipeline on this machine: every node in a process of its own, several side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from tfx.proto.orchestration import pipeline_pb2

from pipeline.engine.jobs import cancel_left
from pipeline.node_result import NodeResult
from pipeline.running.node import node_ids
from pipeline.running.node_process import NodeProcess, freeze_memory, report_of
from pipeline.telemetry.logs import Logs

_POLL_SECONDS = 0.05

Watch = Callable[[list[NodeResult]], None]


def run_pipeline(
    pipeline: pipeline_pb2.Pipeline, logs: Logs, workers: int, watch: Watch | None = None
) -> list[NodeResult]:
    """Runs every node after those it depends on; after a failure lets running nodes end and starts no more.

    Args:
        pipeline: compiled, with its run id filled in.
        logs: of the run, whose folder takes what a node prints as well.
        workers: nodes side by side.
        watch: called several times a second with the state of all nodes.

    Returns:
        One result a node, in the pipeline's order.
    """
    freeze_memory()
    upstream = node_ids(pipeline)
    results = {node: NodeResult(node, log=logs.output(node)) for node in upstream}
    running: dict[str, NodeProcess] = {}
    try:
        while True:
            halted = any(result.state in ("failed", "refused") for result in results.values())
            ready = [
                node
                for node, result in results.items()
                if result.state == "waiting" and all(results[before].ended_well for before in upstream[node])
            ]
            for node in [] if halted else ready[: workers - len(running)]:
                results[node].state = "running"
                running[node] = NodeProcess(node, logs, partial(report_of, pipeline, node))
            if not running:
                break
            wait([process.pipe for process in running.values()], _POLL_SECONDS)
            running = _collect(running, results)
            if watch:
                watch(list(results.values()))
    finally:
        for process in running.values():
            process.end()
        if running:
            cancel_left(Path(pipeline.runtime_spec.pipeline_root.field_value.string_value))
    for result in results.values():
        if result.state == "waiting":
            result.state = "skipped"
    if watch:
        watch(list(results.values()))
    return list(results.values())


def _collect(running: dict[str, NodeProcess], results: dict[str, NodeResult]) -> dict[str, NodeProcess]:
    """Takes the results of what has ended; returns what still runs."""
    left = {}
    for node, process in running.items():
        ended = process.ended()
        if ended:
            results[node] = ended
        else:
            left[node] = process
        results[node].seconds = process.seconds
    return left
