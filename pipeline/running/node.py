"""Runs exactly one node of one run, and leaves nothing half-written behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher
from tfx.proto.orchestration import executable_spec_pb2, pipeline_pb2

from pipeline.engine.jobs import cancel_left
from pipeline.running.node_on_flink import on_flink

State = metadata_store_pb2.Execution.State
_UNFINISHED = (State.RUNNING, State.NEW)


class NodeFailed(Exception):
    """The node ended in another state than COMPLETE or CACHED."""


def connection(pipeline: pipeline_pb2.Pipeline) -> metadata_store_pb2.ConnectionConfig:
    """How to reach the pipeline's ML Metadata."""
    config = runner_utils.extract_local_deployment_config(pipeline).metadata_connection_config
    return getattr(config, config.WhichOneof("connection_config"))


def run_node(pipeline: pipeline_pb2.Pipeline, node_id: str) -> str:
    """Launches one node in this process; returns ``ran`` or ``cached``.

    Args:
        pipeline: from ``for_run``.
        node_id: one of ``node_ids``.

    Raises:
        NodeFailed: its inputs were missing, or it ended without being complete.
        Exception: whatever its executor raised; TFX has removed its outputs then.
    """
    node = next(
        found.pipeline_node for found in pipeline.nodes if found.pipeline_node.node_info.id == node_id
    )
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    mlmd = metadata.Metadata(connection(pipeline))
    executor, operators = runner_utils.extract_executor_spec(deployment, node_id), None
    if isinstance(executor, executable_spec_pb2.BeamExecutableSpec):
        executor, operators = on_flink(executor, pipeline, node_id)
    info = launcher.Launcher(
        pipeline_node=node,
        mlmd_connection=mlmd,
        pipeline_info=pipeline.pipeline_info,
        pipeline_runtime_spec=pipeline.runtime_spec,
        executor_spec=executor,
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
        custom_executor_operators=operators,
    ).launch()
    # launch() also returns where inputs were missing, so only the recorded state counts.
    state = (
        _state(mlmd, node) if info is None or not info.execution_id else _state_of(mlmd, info.execution_id)
    )
    if state == State.COMPLETE:
        return "ran"
    if state == State.CACHED:
        return "cached"
    found = "no execution" if state is None else State.Name(state)
    raise NodeFailed(f"{node_id} ended with {found} in ML Metadata; its log says why")


def node_ids(pipeline: pipeline_pb2.Pipeline) -> dict[str, list[str]]:
    """Every node with those that must have ended before it, in an order that can be run."""
    return {
        node.pipeline_node.node_info.id: list(node.pipeline_node.upstream_nodes) for node in pipeline.nodes
    }


def discard_unfinished(
    config: metadata_store_pb2.ConnectionConfig, root: Path, node: str | None = None
) -> list[Path]:
    """Marks executions that a killed process left RUNNING or NEW as FAILED, and removes their outputs.

    TFX would take such an execution up again with its half-written files, and record them as complete. What it left
    running on a cluster is cancelled before.
    Must be called only while nothing else runs on this metadata, or runs this node.

    Args:
        config: of the metadata.
        root: the pipeline root; outputs lie in ``<node>/<output>/<execution id>`` below it.
        node: id of the only node that is looked at; None: all.

    Returns:
        The removed folders.

    Raises:
        SystemFault: what was left on a cluster does not end.
    """
    cancel_left(root)
    removed = []
    with metadata.Metadata(config) as handle:
        if node is None:
            executions = handle.store.get_executions()
        else:
            contexts = handle.store.get_contexts_by_type("node")
            mine = [context.id for context in contexts if context.name.endswith(f".{node}")]
            executions = [run for id_ in mine for run in handle.store.get_executions_by_context(id_)]
        stale = [found for found in executions if found.last_known_state in _UNFINISHED]
        for execution in stale:
            for folder in (*root.glob(f"*/*/{execution.id}"), *root.glob(f"*/.system/*/{execution.id}")):
                shutil.rmtree(folder)
                removed.append(folder)
            execution.last_known_state = State.FAILED
        if stale:
            handle.store.put_executions(stale)
    return removed


def _state_of(mlmd: metadata.Metadata, execution_id: int) -> int | None:
    with mlmd as handle:
        executions = handle.store.get_executions_by_id([execution_id])
    return executions[0].last_known_state if executions else None


def _state(mlmd: metadata.Metadata, node: pipeline_pb2.PipelineNode) -> int | None:
    """State of the newest execution that belongs to all of the node's contexts, this run's among them."""
    found: set[int] | None = None
    with mlmd as handle:
        for spec in node.contexts.contexts:
            context = handle.store.get_context_by_type_and_name(
                spec.type.name, spec.name.field_value.string_value
            )
            ids = {run.id for run in handle.store.get_executions_by_context(context.id)} if context else set()
            found = ids if found is None else found & ids
    return _state_of(mlmd, max(found)) if found else None
