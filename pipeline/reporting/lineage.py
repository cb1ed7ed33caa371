"""Where the two models come from, step by step, each with an identity that can be compared."""

from __future__ import annotations

import os

from ml_metadata.proto.metadata_store_pb2 import Artifact

from components.metrics_exporter.lineage import MODEL_GRAPH, SCHEMA_GRAPH, SHOWN, TRANSFORM_GRAPH, digest
from contracts import files, nodes, properties
from contracts.models import WATCH, channel
from pipeline.reporting.data import Lineage
from pipeline.reporting.outputs import Outputs, pushed_version, span_and_version
from pipeline.reporting.past import RunRecord
from pipeline.workspace import Workspace


def lineage(record: RunRecord, outputs: Outputs, workspace: Workspace) -> Lineage | None:
    """From the rows to the pushed versions; None where no model was trained."""
    if not any(outputs.get(node, {}).get("model") for node in nodes.TRAINERS.values()):
        return None
    steps = []
    spans = [*record.inputs(nodes.WINDOWING, "examples"), *record.inputs(nodes.WINDOWING, "earlier_examples")]
    for rows in spans:
        span, version = span_and_version(rows)
        content = rows.custom_properties[properties.FINGERPRINT].string_value[:SHOWN]
        steps.append((f"Rows of span {span}, version {version}", f"content {content}", rows))
    for title, node, key, file in (
        ("Reviewed schema", nodes.SCHEMA_GEN, "schema", SCHEMA_GRAPH),
        ("Windows", nodes.WINDOWING, "windows", files.WINDOWS),
        ("Transform graph", nodes.TRANSFORM, "transform_graph", TRANSFORM_GRAPH),
    ):
        steps += [(title, _digest(found, file), found) for found in outputs.get(node, {}).get(key, [])]
    pushed = False
    for model, node in nodes.TRAINERS.items():
        for found in outputs.get(node, {}).get("model", []):
            steps.append((f"Model {model}", _digest(found, MODEL_GRAPH), found))
        for found in outputs.get(nodes.PAIR_PUSHER, {}).get(channel(model, "pushed"), []):
            version_ = pushed_version(found)
            if version_ is not None:
                pushed = True
                steps.append((f"Pushed {model}", f"version {version_}", found))
    for found in outputs.get(nodes.WATCH_TRAINER, {}).get("model", []):
        steps.append((f"Model {WATCH}", _digest(found, MODEL_GRAPH), found))
    return Lineage(
        pushed,
        tuple(
            (title, f"artifact {artifact.id}, {identity}", os.path.relpath(artifact.uri, workspace.root))
            for title, identity, artifact in steps
        ),
    )


def _digest(artifact: Artifact, file: str) -> str:
    found = digest(artifact.uri, file)
    return f"sha256 {found}" if found else "its file is no longer there"
