"""One node of one orchestrated run, in a child of a process that has imported TFX; safe to call again after a kill."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from google.protobuf import message
from tfx.proto.orchestration import pipeline_pb2

from contracts.errors import UserError, cannot
from pipeline.node_result import NodeResult
from pipeline.running.node import connection, discard_unfinished, node_ids
from pipeline.running.node_process import NodeProcess, report_of
from pipeline.running.run_folder import RunFolder

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

LOG = logging.getLogger(__name__)
RUNNING, FAILED = "running", "failed"


def read_pipeline(run: RunFolder) -> pipeline_pb2.Pipeline:
    """The compiled pipeline of a run.

    Raises:
        UserError: the run was not compiled, or its file holds no pipeline.
        SystemFault: the machine could not read it.
    """
    path = run.pipeline
    again = f"remove {path.parent} and call 'retail-inventory compile --run {run.run_id}' again"
    try:
        pipeline = pipeline_pb2.Pipeline.FromString(path.read_bytes())
    except OSError as error:
        raise cannot(error, f"{path}: cannot be read", again, UserError) from error
    except message.DecodeError as error:
        raise UserError(f"{path}: is no compiled pipeline; {again}") from error
    if not pipeline.nodes:
        raise UserError(f"{path}: is a pipeline without nodes; {again}")
    return pipeline


class Attempt(NodeProcess):
    """One node of a run, in a child of this process, which writes down how it ended."""

    def __init__(self, run: RunFolder, node: str, collector: Collector | None = None) -> None:
        """Starts it.

        Args:
            run: a compiled run.
            node: id of the node.
            collector: that takes its lines too.

        Raises:
            UserError: the run was not compiled, or has no such node.
            OSError: the machine has no room for it.
        """
        pipeline = read_pipeline(run)
        if node not in node_ids(pipeline):
            raise UserError(f"{node}: is no node of the pipeline; there are {', '.join(node_ids(pipeline))}")
        self._run, logs = run, run.logs(collector)

        def act() -> dict[str, Any]:
            with run.alone(node), run.workspace.lock(shared=True):
                run.record(NodeResult(node, RUNNING, log=logs.output(node)))
                if discarded := discard_unfinished(connection(pipeline), run.workspace.artifacts, node):
                    LOG.warning(
                        "half-written outputs of a killed attempt removed", extra={"outputs": len(discarded)}
                    )
                began = time.monotonic()
                return report_of(pipeline, node) | {"seconds": time.monotonic() - began}

        super().__init__(node, logs, act)

    def ended(self) -> NodeResult | None:
        """How it ended; None while it runs. To be called again and again."""
        result = super().ended()
        if result:
            try:
                self._run.record(result)
            except OSError as error:
                # Whoever finishes the run reads of it; a node of which nothing can be told is to be run again.
                result.state = FAILED
                result.reason = f"how it ended cannot be written down ({error}). {result.reason}".strip()
                result.by_user = False
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
