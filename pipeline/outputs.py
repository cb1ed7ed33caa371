"""Reads what a run left in ML Metadata and in its artifacts: TFMA's figures, blessings, pushes, reports."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
import tensorflow_model_analysis as tfma
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact
from tfx.orchestration import metadata


def artifacts_of_run(
    config: metadata_store_pb2.ConnectionConfig, run_id: str
) -> dict[str, dict[str, list[Artifact]]]:
    """The output artifacts of a run: node id to output key to artifacts, cached ones included."""
    found: dict[str, dict[str, list[Artifact]]] = {}
    with metadata.Metadata(config) as handle:
        store = handle.store
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


def overall_metrics(evaluation: Artifact) -> dict[str, float]:
    """TFMA's figures over the whole test split, of the candidate."""
    result = tfma.load_eval_result(evaluation.uri, model_name=_candidate(evaluation.uri))
    figures: dict[str, float] = {}
    for slice_key, outputs in result.slicing_metrics:
        if slice_key == ():
            figures = {name: _number(value) for name, value in outputs[""][""].items()}
    return figures


def sliced_metrics(evaluation: Artifact) -> dict[str, dict[str, float]]:
    """The same for every slice, by its name such as ``store_id=S01``."""
    result = tfma.load_eval_result(evaluation.uri, model_name=_candidate(evaluation.uri))
    return {
        ",".join(f"{name}={value}" for name, value in slice_key): {
            name: _number(value) for name, value in outputs[""][""].items()
        }
        for slice_key, outputs in result.slicing_metrics
        if slice_key != ()
    }


def refusals(evaluation: Artifact) -> list[str]:
    """Why TFMA refused the model: each failed threshold with its metric, bound and value."""
    result = tfma.load_validation_result(evaluation.uri)
    reasons = []
    for by_slice in result.metric_validations_per_slice:
        for failure in by_slice.failures:
            key = failure.metric_key
            reasons.append(f"{key.name}: {failure.message or _threshold(failure)}")
    if not result.validation_ok and not reasons:
        reasons.append("TFMA found nothing to judge the model by: the test split or a metric is missing")
    return reasons


def _threshold(failure: Any) -> str:
    value = failure.metric_value.double_value.value
    threshold = failure.metric_threshold
    parts = [f"value {value:.4g}"]
    if threshold.HasField("value_threshold"):
        parts.append(f"lowest allowed {threshold.value_threshold.lower_bound.value:g}")
    if threshold.HasField("change_threshold"):
        parts.append(
            f"at most {threshold.change_threshold.relative.value:.0%} worse than the latest blessed model"
        )
    return ", ".join(parts)


def _candidate(uri: str) -> str | None:
    config = tfma.load_eval_result(uri).config if _has_baseline(uri) else None
    return "candidate" if config is not None else None


def _has_baseline(uri: str) -> bool:
    config = json.loads((Path(uri) / "eval_config.json").read_text())
    return len(config.get("evalConfig", {}).get("modelSpecs", [])) > 1


def _number(value: Mapping[str, Any]) -> float:
    number = value.get("doubleValue", math.nan)
    return float(number) if number is not None else math.nan


def blessed(blessing: Artifact) -> bool:
    """Whether TFMA's thresholds were met."""
    return blessing.custom_properties["blessed"].int_value == 1


def pushed_version(pushed: Artifact) -> int | None:
    """Version in the serving directory, None where the pusher pushed nothing."""
    properties = pushed.custom_properties
    if properties["pushed"].int_value != 1:
        return None
    return int(properties["pushed_version"].string_value)


def read_json(artifact: Artifact, name: str) -> Any:
    """Content of a JSON file in the artifact's folder."""
    return json.loads((Path(artifact.uri) / name).read_text())
