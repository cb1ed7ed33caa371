"""The closing summary of a run: what came in, how good the models are, what was decided and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from components.data_gate.checks import rows_text
from components.model_gate.tfma_results import overall_metrics, refusals, sliced_metrics
from contracts import files, nodes, properties
from contracts.durable import replace_file
from contracts.models import BASELINES, DEMAND, MODELS, Stage, channel
from contracts.records.checks import FeatureCheck, ModelCheck
from contracts.records.planning import Planning
from contracts.records.summary import (
    SUMMARY_FILE,
    Component,
    DataSummary,
    Metrics,
    ModelSummary,
    Status,
    Summary,
    WatchSummary,
)
from pipeline.config import Config
from pipeline.node_result import NodeResult
from pipeline.reporting.outputs import (
    Outputs,
    artifacts_of_run,
    first,
    pushed_version,
    read_checks,
    read_json,
    span_and_version,
    stage_of,
)
from trainers.demand_forecasting.metrics import coverage_name

_OF_OTHERS = ("coverage_", *(f"{name}_" for names in BASELINES.values() for name in names))
"""What the names of metrics begin with that are not the model's own, or stand apart."""


def summarise(
    run_id: str,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    results: list[NodeResult],
    because: str = "",
) -> Summary:
    """The summary, from ML Metadata, TFMA's files and the nodes' results.

    Args:
        results: how each node ended.
        because: why it ran, where that is known.
    """
    outputs = artifacts_of_run(metadata_config, run_id)
    models = {model: _model(model, outputs, config) for model in MODELS}
    return Summary(
        version=1,
        run_id=run_id,
        status=_status(results, models),
        data=_data(outputs, results),
        components=[
            Component(
                node=result.node,
                state=result.state,
                seconds=round(result.seconds, 2),
                cached=result.state == "cached",
                peak_mib=result.peak_mib,
                reason=result.reason,
            )
            for result in results
        ],
        models=models,
        simulation=_simulation(outputs),
        planning=_planning(outputs),
        because=because,
        **({"watch": _watch(outputs, models[DEMAND])} if config.demand_watch.enabled else {}),
    )


def write_summary(summary: Summary, folder: Path) -> Path:
    """Writes summary.json whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    return replace_file(folder / SUMMARY_FILE, summary.to_json())


def _status(results: list[NodeResult], models: Mapping[str, ModelSummary]) -> Status:
    states = {result.state for result in results}
    if "refused" in states:
        return "refused_data"
    if states - {"ran", "cached"}:
        return "failed"
    there = all(model.blessed and model.stage != "withdrawn" for model in models.values())
    return "pushed" if there else "refused_model"


def _data(outputs: Outputs, results: list[NodeResult]) -> DataSummary:
    rows = first(outputs, nodes.EXAMPLE_GEN, "examples")
    ingest = read_json(rows, files.INGEST) if rows else {}
    anomalies = first(outputs, nodes.DATA_GATE, "anomalies")
    # Where the gate stopped the run its artifact is gone, and the records came with the refusal.
    refused = [check for result in results for check in result.checks]
    checks = read_checks(anomalies, FeatureCheck) if anomalies else refused
    windows = first(outputs, nodes.WINDOWING, "windows")
    return DataSummary(
        rows=ingest.get("rows", 0),
        series=ingest.get("series", 0),
        first_date=ingest.get("first_date"),
        last_date=ingest.get("last_date"),
        rejected_rows=sum(ingest.get("rejected_rows", {}).values()),
        span=span_and_version(rows)[0] if rows else None,
        fallbacks=ingest.get("fallbacks", []),
        notes=[*ingest.get("notes", []), *ingest.get("rejected_reasons", [])],
        warnings=[_warning(check) for check in checks if check.verdict in ("warn", "waived")],
        checks=checks,
        problems=[problem for result in results for problem in result.problems],
        windows=read_json(windows, files.WINDOWS)["windows"] if windows else {},
    )


def _warning(check: FeatureCheck) -> str:
    """A check of the data gate that did not pass, in one line."""
    measured = "" if check.value is None else f", value {check.value:.4g}"
    measured += "" if check.threshold is None else f" (at most {check.threshold:.4g})"
    kind = "waived, " if check.verdict == "waived" else ""
    return f"{check.feature}: {kind}{check.check}{measured}: {check.reason}{rows_text(check.rows)}"


def _model(model: str, outputs: Outputs, config: Config) -> ModelSummary:
    evaluation = first(outputs, nodes.EVALUATORS[model], "evaluation")
    if evaluation is None:
        return ModelSummary(
            metrics=Metrics(),
            baselines={},
            checks=(),
            slices={},
            blessed=False,
            reasons=("the run ended before it was judged",),
            pushed_version=None,
            stage=None,
        )
    verdict = first(outputs, nodes.MODEL_GATE, "verdict")
    checks = read_checks(verdict, ModelCheck) if verdict else []
    pushed = first(outputs, nodes.PAIR_PUSHER, channel(model, "pushed"))
    stage = stage_of(pushed) if pushed else None
    measured = overall_metrics(evaluation.uri)
    stopped = [check for check in checks if check.verdict == "stop"]
    baselines = {
        name: {
            metric.removeprefix(name + "_"): v
            for metric, v in measured.items()
            if metric.startswith(name + "_") and "_diff" not in metric
        }
        for name in BASELINES[model]
    }
    metrics: dict[str, Any] = {
        name: value
        for name, value in measured.items()
        if not name.startswith(_OF_OTHERS) and "_diff" not in name
    }
    if model == DEMAND:
        levels = config.demand_forecasting.quantiles
        metrics["coverage"] = {f"{level:g}": measured.get(coverage_name(level), math.nan) for level in levels}
    return ModelSummary(
        metrics=metrics,
        baselines=baselines,
        checks=[check for check in checks if check.model == model],
        slices=sliced_metrics(evaluation.uri),
        blessed=bool(checks) and not stopped,
        reasons=_reasons(model, stopped, stage) if checks else ["the run ended before the pair was judged"],
        pushed_version=pushed_version(pushed) if pushed else None,
        stage=stage,
    )


def _reasons(model: str, stopped: Sequence[ModelCheck], stage: Stage | None) -> list[str]:
    """Why the pair was refused, the model's own reasons in full."""
    if stage == "withdrawn":
        return ["this very pair was rolled back; 'rollback --to' with its version lets it serve again"]
    own = [f"{check.check}: {check.reason}" for check in stopped if check.model == model]
    if stopped and not own:
        other = ", ".join(sorted({check.model for check in stopped}))
        return [f"the models are pushed as a pair, and {other} was refused"]
    return own


def _watch(outputs: Outputs, demand: ModelSummary) -> WatchSummary:
    evaluation = first(outputs, nodes.WATCH_EVALUATOR, "evaluation")
    blessing = first(outputs, nodes.WATCH_EVALUATOR, "blessing")
    if evaluation is None or blessing is None:
        reasons = ["the run ended before it was judged"]
        return WatchSummary(metrics={}, blessed=False, reasons=reasons, pushed_version=None)
    blessed = blessing.custom_properties[properties.BLESSED].int_value == 1
    return WatchSummary(
        metrics=overall_metrics(evaluation.uri),
        blessed=blessed,
        reasons=[] if blessed else list(refusals(evaluation.uri).values()),
        pushed_version=demand.pushed_version if blessed else None,
    )


def _planning(outputs: Outputs) -> Planning | None:
    comparison = first(outputs, nodes.POLICY_COMPARISON, "comparison")
    # An older release did not choose.
    there = comparison is not None and (Path(comparison.uri) / files.PLANNING).exists()
    return Planning.model_validate(read_json(comparison, files.PLANNING)) if comparison and there else None


def _simulation(outputs: Outputs) -> dict[str, Any]:
    """By policy its metrics over the test period in closed loop."""
    comparison = first(outputs, nodes.POLICY_COMPARISON, "comparison")
    if comparison is None:
        return {}
    policies = read_json(comparison, files.POLICIES)
    return {name: found["simulation"] for name, found in policies.items() if "simulation" in found}
