"""What is on record of a run that has ended: its place in ML Metadata, and its summary."""

from __future__ import annotations

from datetime import datetime, timezone

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact

from contracts.errors import UserError
from contracts.records.summary import SUMMARY_FILE, Summary
from pipeline.config import Config
from pipeline.node_result import NodeResult
from pipeline.reporting.outputs import node_of
from pipeline.reporting.status import past_runs
from pipeline.reporting.summary import summarise
from pipeline.workspace import Workspace

_State = metadata_store_pb2.Execution.State
_STATES = {_State.COMPLETE: "ran", _State.CACHED: "cached"}
_INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)


def run_named(workspace: Workspace, run_id: str | None) -> str:
    """The run of this id, or the newest.

    Raises:
        UserError: the workspace holds no runs, or not this one.
    """
    known = [run["run_id"] for run in past_runs(workspace)]
    if not known:
        raise UserError(f"{workspace.root}: holds no runs yet; give the --workspace that you ran in")
    if run_id is not None and run_id not in known:
        raise UserError(
            f"{workspace.root}: holds no run {run_id}; the newest are {', '.join(known[-3:])}, and the command "
            "'status' lists them all"
        )
    return run_id or known[-1]


def summary_of(workspace: Workspace, run_id: str, config: metadata_store_pb2.ConnectionConfig) -> Summary:
    """The run's summary.json; of a run that was killed before it wrote one, what ML Metadata tells."""
    path = workspace.report(run_id) / SUMMARY_FILE
    if path.exists():
        return Summary.read(path)
    return summarise(run_id, Config(), config, _results(config, run_id))


def _results(config: metadata_store_pb2.ConnectionConfig, run_id: str) -> list[NodeResult]:
    record = RunRecord(config, run_id)
    return [
        NodeResult(
            node,
            _STATES.get(execution.last_known_state, "failed"),
            (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000,
            reason="" if execution.last_known_state in _STATES else "it did not end well, or was killed",
        )
        for node, execution in record.executions.items()
    ]


class RunRecord:
    """What ML Metadata holds of one run."""

    def __init__(self, config: metadata_store_pb2.ConnectionConfig, run_id: str) -> None:
        """Args: config: where the metadata are; run_id: of the run, which need not be known there."""
        self._store = metadata_store.MetadataStore(config)
        self._context = self._store.get_context_by_type_and_name("pipeline_run", run_id)
        found = self._store.get_executions_by_context(self._context.id) if self._context else []
        self.executions = {
            node_of(self._store, execution.id): execution
            for execution in sorted(found, key=lambda found: int(found.id))
        }

    @property
    def began(self) -> datetime | None:
        """UTC, to the second."""
        if self._context is None:
            return None
        return datetime.fromtimestamp(self._context.create_time_since_epoch // 1000, timezone.utc)

    def inputs(self, node: str, key: str) -> list[Artifact]:
        """What a node of the run was given under this key; empty where it did not come so far."""
        if node not in self.executions:
            return []
        events = self._store.get_events_by_execution_ids([self.executions[node].id])
        ids = [event.artifact_id for event in events if event.type in _INPUTS and _key(event) == key]
        return list(self._store.get_artifacts_by_id(ids)) if ids else []

    def made_of(self, artifact: Artifact, node: str, key: str) -> Artifact | None:
        """The newest output under this key that the node made of the artifact, in whatever run."""
        used = {
            event.execution_id
            for event in self._store.get_events_by_artifact_ids([artifact.id])
            if event.type in _INPUTS and node_of(self._store, event.execution_id) == node
        }
        events = self._store.get_events_by_execution_ids(sorted(used)) if used else []
        made = [
            event.artifact_id
            for event in events
            if event.type == metadata_store_pb2.Event.OUTPUT and _key(event) == key
        ]
        return self._store.get_artifacts_by_id([max(made)])[0] if made else None


def _key(event: metadata_store_pb2.Event) -> str:
    return next((str(step.key) for step in event.path.steps if step.HasField("key")), "")
