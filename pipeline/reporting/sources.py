"""From a run's summary, ML Metadata and artifacts to everything that its page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFDV)
import pyarrow.parquet as pq
import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.model_gate.remedies import remedies_of
from contracts import files, nodes
from contracts.errors import Problem
from contracts.models import DEMAND, REPLENISHMENT
from contracts.rows import SPLIT
from contracts.splits import split_folder
from pipeline.reporting.data import (
    Check,
    Component,
    Coverage,
    Feature,
    Incoming,
    Method,
    Policy,
    ReportData,
    Series,
    Served,
    Slice,
    Verdict,
)
from pipeline.reporting.forecasts import chosen_series
from pipeline.reporting.lineage import lineage
from pipeline.reporting.outputs import Outputs, artifacts_of_run, first, read_json, span_and_version
from pipeline.reporting.past import RunRecord
from pipeline.reporting.statistics import features
from pipeline.reporting.summary import PUSHED, REFUSED_DATA, REFUSED_MODEL
from pipeline.workspace import Workspace

DATA_GATE, MODEL_GATE = "data", "model"
SKILLS = {DEMAND: "skill_seasonal_naive", REPLENISHMENT: "skill_base_stock"}
"""By model the skill that its slices are ranked by; the least is the worst."""

_CALIBRATION_CHECK = "from its coverage"
_VERDICTS = ("stop", "warn", "waived", "pass")
_SLICES_SHOWN = 8


def gather(
    workspace: Workspace,
    run_id: str,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    summary: Mapping[str, Any],
) -> ReportData:
    """Reads what there is; what the run did not come to, or an older release did not write, stays empty.

    Args:
        workspace: that the run worked in.
        run_id: of the run.
        metadata_config: where its metadata are.
        summary: as summary.schema.json describes it.
    """
    outputs = artifacts_of_run(metadata_config, run_id)
    record = RunRecord(metadata_config, run_id)
    checks = _checks(summary)
    compared, statistics = _features(record, outputs, checks)
    comparison = first(outputs, nodes.POLICY_COMPARISON, "comparison")
    return ReportData(
        verdict=_verdict(summary, record, checks, workspace),
        incoming=_incoming(summary["data"], first(outputs, nodes.EXAMPLE_GEN, "examples")),
        features=statistics,
        compared=compared,
        checks=checks,
        series=_series(comparison),
        coverage=_coverage(comparison),
        coverage_band=next((c.threshold for c in checks if c.check.endswith(_CALIBRATION_CHECK)), None),
        policies=_policies(summary.get("simulation", {})),
        methods={name: _methods(model) for name, model in summary["models"].items()},
        slices={name: _slices(name, model["slices"]) for name, model in summary["models"].items()},
        components=tuple(
            Component(
                found["node"], found["state"], found["seconds"], found["peak_mib"], found.get("reason", "")
            )
            for found in summary["components"]
        ),
        lineage=lineage(record, outputs, workspace),
    )


def _verdict(
    summary: Mapping[str, Any], record: RunRecord, checks: tuple[Check, ...], workspace: Workspace
) -> Verdict:
    models = []
    for name, model in summary["models"].items():
        version = model["pushed_version"] if summary["status"] == PUSHED else None
        folder = str(workspace.serving / name / str(version)) if version else None
        models.append(Served(name, model["blessed"], version, folder))
    reasons, steps = _reasons(summary, checks), _next_steps(summary, checks, workspace)
    return Verdict(summary["run_id"], summary["status"], record.began, tuple(models), reasons, steps)


def _reasons(summary: Mapping[str, Any], checks: tuple[Check, ...]) -> tuple[str, ...]:
    gate = {REFUSED_DATA: DATA_GATE, REFUSED_MODEL: MODEL_GATE}.get(summary["status"])
    stopped = tuple(_stop(check) for check in checks if check.gate == gate and check.verdict == "stop")
    failed = tuple(f"{c['node']}: {c['reason']}" for c in summary["components"] if c["state"] == "failed")
    refused = tuple(reason for model in summary["models"].values() for reason in model["reasons"])
    return stopped or _problems(summary["data"]) or failed or tuple(dict.fromkeys(refused))


def _next_steps(
    summary: Mapping[str, Any], checks: tuple[Check, ...], workspace: Workspace
) -> tuple[str, ...]:
    folder = shlex.quote(str(workspace.root))
    if summary["status"] == PUSHED:
        command = f"retail-inventory plan --data FOLDER --workspace {folder}"
        return (f"plan the orders: `{command}`, with the `--config` of the run where it had one",)
    if summary["status"] == REFUSED_MODEL:
        return tuple(remedies_of(summary["models"]))
    if summary["status"] != REFUSED_DATA:
        return (f"see the logs in `{workspace.logs(summary['run_id'])}`, and run again",)
    # What is wrong in files says its remedy itself.
    problems = summary["data"]["problems"] if any(check.verdict == "stop" for check in checks) else []
    return tuple(dict.fromkeys(problem["remedy"] for problem in problems))


def _stop(check: Check) -> str:
    where = "" if check.slice == "all" else f" ({check.slice})"
    value = "" if check.value is None else f"value {check.value:.4g}"
    threshold = "" if check.threshold is None else f"threshold {check.threshold:.4g}"
    numbers = ", ".join(part for part in (value, threshold) if part)
    return f"{check.check}, {check.subject}{where}: {check.reason}{f' ({numbers})' if numbers else ''}"


def _problems(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(Problem.from_fields(problem)) for problem in data["problems"])


def _incoming(data: Mapping[str, Any], rows: Artifact | None) -> Incoming:
    ingest = read_json(rows, files.INGEST) if rows and (Path(rows.uri) / files.INGEST).exists() else {}
    return Incoming(
        data["rows"],
        data["series"],
        data["first_date"],
        data["last_date"],
        data["span"],
        ingest.get("filled_rows", 0),
        ingest.get("read_rows", {}),
        ingest.get("rejected_rows", {}),
        tuple(ingest.get("rejected_reasons", ())),
        tuple((fallback["what"], fallback["used"]) for fallback in data["fallbacks"]),
        tuple(ingest.get("notes", ())),
        data["windows"],
    )


def _checks(summary: Mapping[str, Any]) -> tuple[Check, ...]:
    """Of both gates, each gate's stops first and its passed ones last."""
    found = [
        _check(DATA_GATE, record, record["feature"], "all", tuple(record["rows"]))
        for record in summary["data"].get("checks", [])
    ]
    for model in summary["models"].values():
        found += [
            _check(MODEL_GATE, record, record["model"], record["slice"])
            for record in model["checks"]
            # Releases before the model gate kept records of another kind.
            if "verdict" in record
        ]
    return tuple(sorted(found, key=lambda check: (check.gate, _VERDICTS.index(check.verdict))))


def _check(
    gate: str, record: Mapping[str, Any], subject: str, slice_: str, rows: tuple[dict[str, Any], ...] = ()
) -> Check:
    return Check(
        gate,
        record["check"],
        subject,
        slice_,
        record["value"],
        record["threshold"],
        record["margin"],
        record["verdict"],
        record["reason"],
        rows,
    )


def _features(
    record: RunRecord, outputs: Outputs, checks: tuple[Check, ...]
) -> tuple[str | None, tuple[Feature, ...]]:
    new = _statistics(first(outputs, nodes.STATISTICS_GEN, "statistics"))
    if new is None:
        return None, ()
    compared, before = None, None
    for rows in record.inputs(nodes.DATA_GATE, "trained_examples"):
        before = _statistics(record.made_of(rows, nodes.STATISTICS_GEN, "statistics"))
        span, version = span_and_version(rows)
        compared = f"span {span}" + (f", version {version}" if version else "")
    return (compared if before is not None else None), features(new, before, checks)


def _statistics(artifact: Artifact | None) -> statistics_pb2.DatasetFeatureStatisticsList | None:
    path = Path(artifact.uri) / split_folder(SPLIT) / files.STATISTICS if artifact else None
    return tfdv.load_stats_binary(str(path)) if path and path.exists() else None


def _series(comparison: Artifact | None) -> tuple[Series, ...]:
    path = Path(comparison.uri) / files.FORECASTS if comparison else None
    return chosen_series(pq.read_table(path).to_pandas()) if path and path.exists() else ()


def _coverage(comparison: Artifact | None) -> tuple[Coverage, ...]:
    if comparison is None or not (Path(comparison.uri) / files.CALIBRATION).exists():
        return ()
    found = [
        Coverage(float(level), shares["below"], shares["at_most"])
        for level, shares in read_json(comparison, files.CALIBRATION).items()
    ]
    # NaN, where nothing was observed, is not equal to itself.
    return tuple(sorted((c for c in found if c.below == c.below), key=lambda coverage: coverage.level))


def _policies(simulation: Mapping[str, Any]) -> tuple[Policy, ...]:
    found = [
        Policy(
            name,
            metrics["total_cost"],
            metrics.get("holding_cost"),
            metrics.get("shortage_cost"),
            metrics.get("fill_rate"),
            metrics.get("average_stock_value"),
        )
        for name, metrics in simulation.items()
        if metrics["total_cost"] is not None
    ]
    return tuple(sorted(found, key=lambda policy: policy.total_cost))


def _methods(model: Mapping[str, Any]) -> tuple[Method, ...]:
    if not model["metrics"]:
        return ()
    metrics = {name: value for name, value in model["metrics"].items() if name != "coverage"}
    named = {"model": metrics, **model["baselines"]}
    return tuple(Method(name, dict(values)) for name, values in named.items())


def _slices(model: str, slices: Mapping[str, Mapping[str, float | None]]) -> tuple[Slice, ...]:
    ranked = []
    for name, metrics in slices.items():
        skill = metrics.get(SKILLS[model])
        if skill is not None:
            ranked.append((skill, name, dict(metrics)))
    return tuple(
        Slice(name, metrics) for _, name, metrics in sorted(ranked, key=lambda s: s[:2])[:_SLICES_SHOWN]
    )
