"""The closing summary of a run: what came in, how good the models are, what was decided and why."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact

from components.data_gate.checks import rows_text
from components.data_gate.executor import CHECKS_FILE
from components.model_gate.executor import CHECKS_FILE as PAIR_CHECKS_FILE
from components.model_gate.tfma_results import overall_metrics, sliced_metrics
from components.pair_pusher.component import PairPusher
from components.policy_comparison.executor import COMPARISON_FILE
from contracts.durable import replace_file
from contracts.models import BASELINES, DEMAND, KEYS, MODELS, REPLENISHMENT, channel
from contracts.strict_json import without_nan
from pipeline.config import Config
from pipeline.node_result import NodeResult
from pipeline.reporting.outputs import artifacts_of_run, pushed_version, read_json, standing_of
from serving.directory.pushing import WITHDRAWN
from trainers.demand_forecasting.metrics import coverage_name

INGEST_FILE = "ingest.json"
SUMMARY_FILE = "summary.json"

PUSHED, REFUSED_DATA, REFUSED_MODEL, FAILED = "pushed", "refused_data", "refused_model", "failed"


Outputs = dict[str, dict[str, list[Artifact]]]


def summarise(
    run_id: str,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    results: list[NodeResult],
) -> dict[str, Any]:
    """Everything that summary.schema.json describes, from ML Metadata, TFMA's files and the nodes' results.

    Args:
        run_id: of the run.
        config: of the run.
        metadata_config: where its metadata are.
        results: how each node ended.
    """
    outputs = artifacts_of_run(metadata_config, run_id)
    models = {model: _model(model, outputs, config) for model in MODELS}
    return without_nan(
        {
            "run_id": run_id,
            "status": _status(results, models),
            "data": _data(outputs, results),
            "components": [
                {
                    "node": result.node,
                    "state": result.state,
                    "seconds": round(result.seconds, 2),
                    "cached": result.state == "cached",
                    "peak_mib": result.peak_mib,
                    "reason": result.reason,
                }
                for result in results
            ],
            "models": models,
            "simulation": _simulation(outputs),
        }
    )


def write_summary(summary: Mapping[str, Any], folder: Path) -> Path:
    """Writes summary.json whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    return replace_file(folder / SUMMARY_FILE, json.dumps(summary, indent=2, allow_nan=False) + "\n")


def _status(results: list[NodeResult], models: Mapping[str, Mapping[str, Any]]) -> str:
    states = {result.state for result in results}
    if "refused" in states:
        return REFUSED_DATA
    if states - {"ran", "cached"}:
        return FAILED
    there = all(model["blessed"] and model["standing"] != WITHDRAWN for model in models.values())
    return PUSHED if there else REFUSED_MODEL


def _data(outputs: Outputs, results: list[NodeResult]) -> dict[str, Any]:
    rows = _first(outputs, "RetailExampleGen", "examples")
    ingest = read_json(rows, INGEST_FILE) if rows else {}
    anomalies = _first(outputs, "DataGate", "anomalies")
    # Where the gate stopped the run its artifact is gone, and the records came with the refusal.
    refused = [check for result in results for check in result.checks]
    checks = read_json(anomalies, CHECKS_FILE) if anomalies else refused
    windows = _first(outputs, "Windowing", "windows")
    return {
        "rows": ingest.get("rows", 0),
        "series": ingest.get("series", 0),
        "first_date": ingest.get("first_date"),
        "last_date": ingest.get("last_date"),
        "rejected_rows": sum(ingest.get("rejected_rows", {}).values()),
        "span": rows.properties["span"].int_value if rows else None,
        "fallbacks": ingest.get("fallbacks", []),
        "notes": [*ingest.get("notes", []), *ingest.get("rejected_reasons", [])],
        "warnings": [_warning(check) for check in checks if check["verdict"] in ("warn", "waived")],
        "checks": checks,
        "problems": [asdict(problem) for result in results for problem in result.problems],
        "windows": read_json(windows, "windows.json")["windows"] if windows else {},
    }


def _warning(check: Mapping[str, Any]) -> str:
    """A check of the data gate that did not pass, in one line."""
    value, threshold = check["value"], check["threshold"]
    measured = "" if value is None else f", value {value:.4g}"
    measured += "" if threshold is None else f" (at most {threshold:.4g})"
    kind = "waived, " if check["verdict"] == "waived" else ""
    return (
        f"{check['feature']}: {kind}{check['check']}{measured}: {check['reason']}{rows_text(check['rows'])}"
    )


def _model(model: str, outputs: Outputs, config: Config) -> dict[str, Any]:
    evaluation = _first(outputs, KEYS[model].capitalize() + "Evaluator", "evaluation")
    if evaluation is None:
        return {
            "metrics": {},
            "baselines": {},
            "checks": [],
            "slices": {},
            "blessed": False,
            "reasons": ["the run ended before it was judged"],
            "pushed_version": None,
            "standing": None,
        }
    verdict = _first(outputs, "ModelGate", "verdict")
    checks = read_json(verdict, PAIR_CHECKS_FILE) if verdict else []
    pushed = _first(outputs, PairPusher.__name__, channel(model, "pushed"))
    found = standing_of(pushed) if pushed else None
    figures = overall_metrics(evaluation.uri)
    stopped = [check for check in checks if check["verdict"] == "stop"]
    baselines = {
        name: {
            metric.removeprefix(name + "_"): v
            for metric, v in figures.items()
            if metric.startswith(name + "_") and "_diff" not in metric
        }
        for name in BASELINES[model]
    }
    metrics: dict[str, Any] = {
        name: value
        for name, value in figures.items()
        if not name.startswith(("coverage_", "seasonal_naive_", "recent_mean_", "base_stock_"))
        and "_diff" not in name
    }
    if model == DEMAND:
        levels = config.demand_forecasting.quantiles
        metrics["coverage"] = {f"{level:g}": figures.get(coverage_name(level), math.nan) for level in levels}
    comparison = _first(outputs, "PolicyComparison", "comparison")
    if model == REPLENISHMENT and comparison is not None:
        policies = read_json(comparison, COMPARISON_FILE)
        baselines["quantile_plan"] = {
            name: value for name, value in policies["quantile_plan"].items() if name != "simulation"
        }
    return {
        "metrics": metrics,
        "baselines": baselines,
        "checks": [check for check in checks if check["model"] == model],
        "slices": sliced_metrics(evaluation.uri),
        "blessed": bool(checks) and not stopped,
        "reasons": _reasons(model, stopped, found)
        if checks
        else ["the run ended before the pair was judged"],
        "pushed_version": pushed_version(pushed) if pushed else None,
        "standing": found,
    }


def _reasons(model: str, stopped: list[dict[str, Any]], standing: str | None) -> list[str]:
    """Why the pair was refused, the model's own reasons in full."""
    if standing == WITHDRAWN:
        return ["this very pair was rolled back; 'rollback --to' with its version lets it serve again"]
    own = [f"{check['check']}: {check['reason']}" for check in stopped if check["model"] == model]
    if stopped and not own:
        other = ", ".join(sorted({check["model"] for check in stopped}))
        return [f"the models are pushed as a pair, and {other} was refused"]
    return own


def _simulation(outputs: Outputs) -> dict[str, Any]:
    """By policy its figures over the test period in closed loop."""
    comparison = _first(outputs, "PolicyComparison", "comparison")
    if comparison is None:
        return {}
    policies = read_json(comparison, COMPARISON_FILE)
    return {name: found["simulation"] for name, found in policies.items() if "simulation" in found}


def _first(outputs: Outputs, node: str, key: str) -> Artifact | None:
    return next(iter(outputs.get(node, {}).get(key, [])), None)
