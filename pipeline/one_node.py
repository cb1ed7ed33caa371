"""One node of one orchestrated run, in a child of a process that has imported TFX; safe to call again after a kill."""

from __future__ import annotations

import os
import resource
import time

from tfx.proto.orchestration import pipeline_pb2

from components.errors import Problem, UserError
from pipeline.node import connection, discard_unfinished, node_ids
from pipeline.node_process import fork, how_it_ended, report_of
from pipeline.node_result import NodeResult
from pipeline.run_folder import RunFolder

RUNNING, FAILED = "running", "failed"


def read_pipeline(run: RunFolder) -> pipeline_pb2.Pipeline:
    """The compiled pipeline of a run.

    Raises:
        UserError: the run was not compiled.
    """
    return pipeline_pb2.Pipeline.FromString(run.pipeline.read_bytes())


def start(run: RunFolder, node: str) -> int:
    """Starts the node in a child; returns its process id. How it ends is in ``ended``.

    Raises:
        UserError: the run was not compiled, or has no such node.
    """
    pipeline = read_pipeline(run)
    if node not in node_ids(pipeline):
        raise UserError(f"{node}: is no node of the pipeline; there are {', '.join(node_ids(pipeline))}")
    result = NodeResult(node, RUNNING, log=run.log(node))
    assert result.log is not None

    def act() -> None:
        with run.alone(node), run.workspace.lock(shared=True):
            run.record(result)
            discard_unfinished(connection(pipeline), run.workspace.artifacts, node)
            began = time.monotonic()
            report = report_of(pipeline, node)
            result.state, result.reason = report["state"], report["reason"]
            result.problems = [Problem.from_fields(fields) for fields in report["problems"]]
            result.checks, result.by_user = report.get("checks", []), report.get("by_user", False)
            result.seconds = time.monotonic() - began
            result.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            run.record(result)

    return fork(result.log, act)


def ended(run: RunFolder, node: str, status: int) -> NodeResult:
    """How the node ended, from what it wrote down and the wait status of its process."""
    result = run.result(node) or NodeResult(node, RUNNING, log=run.log(node))
    if os.waitstatus_to_exitcode(status) != 0 or result.state == RUNNING:
        result.state, result.reason = FAILED, how_it_ended(status)
        run.record(result)
    return result


def results(run: RunFolder) -> list[NodeResult]:
    """How every node of a run ended, in the pipeline's order; one that never began is skipped."""
    found = []
    for node in node_ids(read_pipeline(run)):
        result = run.result(node) or NodeResult(node, "skipped")
        if result.state == RUNNING:
            result.state, result.reason = FAILED, "its process was killed"
        found.append(result)
    return found
