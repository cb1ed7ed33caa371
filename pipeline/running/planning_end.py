"""The end of an orchestrated planning run: how it ended and what the data gate found, into the store."""

from __future__ import annotations

from ml_metadata.proto import metadata_store_pb2

from contracts import nodes
from contracts.records.checks import FeatureCheck
from pipeline.node_result import NodeResult
from pipeline.orders.planning_run import close_planning
from pipeline.reporting.outputs import artifacts_of_run, first, read_checks
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace
from store.connections import connect
from store.opening import opened


def end_planning(run: RunFolder) -> tuple[str, list[str]]:
    """Writes how a planning run ended whose nodes or whose plan did not, and what the data gate found.

    Returns:
        Its status, and why it is no plan.

    Raises:
        UserError: the run was not compiled, none for planning began with this id, or the store cannot be used.
    """
    nodes_ended = run.results()
    outputs = (
        artifacts_of_run(_metadata(run.workspace), run.run_id) if run.workspace.metadata.exists() else {}
    )
    anomalies = first(outputs, nodes.DATA_GATE, "anomalies")
    refused = [check for result in nodes_ended for check in result.checks]
    checks = read_checks(anomalies, FeatureCheck) if anomalies else refused
    with opened(run.workspace.store) as connections, connect(connections.writer) as store:
        return close_planning(store, run.run_id, checks, _stopped(nodes_ended))


def _metadata(workspace: Workspace) -> metadata_store_pb2.ConnectionConfig:
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(workspace.metadata)
    config.sqlite.connection_mode = config.sqlite.READONLY
    return config


def _stopped(nodes_ended: list[NodeResult]) -> tuple[str, list[str]] | None:
    """Status and reasons of the nodes that a plan waits for; None where none of them stopped it."""
    for status, state in (("refused_data", "refused"), ("failed", "failed")):
        if stopped := [result for result in nodes_ended if result.state == state]:
            return status, [f"{result.node}: {said}" for result in stopped for said in _said(result)]
    return None


def _said(result: NodeResult) -> list[str]:
    return [str(problem) for problem in result.problems] or [result.reason]
