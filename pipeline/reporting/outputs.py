"""Reads what a run left in ML Metadata and in its artifacts: blessings, pushes, reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Without TFX, whose import takes longer than all that is read here.
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact

from contracts import files, properties
from contracts.models import Stage
from contracts.records.checks import Kind, checks_from_json

Outputs = dict[str, dict[str, list[Artifact]]]
"""Of a run: node id to output key to artifacts."""


def artifacts_of_run(config: metadata_store_pb2.ConnectionConfig, run_id: str) -> Outputs:
    """The output artifacts of a run, cached ones included."""
    found: Outputs = {}
    store = metadata_store.MetadataStore(config)
    context = store.get_context_by_type_and_name("pipeline_run", run_id)
    if context is None:
        return {}
    for execution in store.get_executions_by_context(context.id):
        node = node_of(store, execution.id)
        events = [
            event
            for event in store.get_events_by_execution_ids([execution.id])
            if event.type == metadata_store_pb2.Event.OUTPUT
        ]
        artifacts = (
            {
                artifact.id: artifact
                for artifact in store.get_artifacts_by_id([event.artifact_id for event in events])
            }
            if events
            else {}
        )
        outputs = found.setdefault(node, {})
        for event in events:
            key = next((step.key for step in event.path.steps if step.HasField("key")), "")
            outputs.setdefault(key, []).append(artifacts[event.artifact_id])
    return found


def node_of(store: Any, execution_id: int) -> str:
    """Id of the node that an execution belongs to."""
    for context in store.get_contexts_by_execution(execution_id):
        if context.type == "node":
            return str(context.name).rsplit(".", 1)[-1]
    return ""


def first(outputs: Outputs, node: str, key: str) -> Artifact | None:
    """The artifact that a node put out under a key; None where it did not come to that."""
    return next(iter(outputs.get(node, {}).get(key, [])), None)


def span_and_version(rows: Artifact) -> tuple[int, int]:
    """Of an artifact of rows."""
    return rows.properties[properties.SPAN].int_value, rows.properties[properties.VERSION].int_value


def pushed_version(pushed: Artifact) -> int | None:
    """Version in the serving directory, None where the pusher pushed nothing."""
    found = pushed.custom_properties
    if found[properties.PUSHED].int_value != 1:
        return None
    return int(found[properties.PUSHED_VERSION].string_value)


def stage_of(pushed: Artifact) -> Stage | None:
    """What the pair was in the serving directory after the pusher; None where it was not blessed."""
    found = pushed.custom_properties
    # Earlier pushers recorded it as the pair's standing.
    return found[properties.STAGE].string_value or found["standing"].string_value or None


def read_json(artifact: Artifact, name: str) -> Any:
    """Content of a JSON file in the artifact's folder."""
    return json.loads((Path(artifact.uri) / name).read_text())


def read_checks(artifact: Artifact, kind: type[Kind]) -> list[Kind]:
    """Checks of a gate's artifact."""
    return checks_from_json((Path(artifact.uri) / files.CHECKS).read_text(), kind)
