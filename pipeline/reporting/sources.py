"""From a run's summary, ML Metadata and artifacts to everything that its page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFDV)
import pyarrow.parquet as pq
import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact
from tensorflow_metadata.proto.v0 import statistics_pb2

from contracts import files, nodes
from contracts.models import DEMAND, REPLENISHMENT, WATCH
from contracts.records.checks import VERDICTS, WHOLE, AnyCheck, Gate
from contracts.records.planning import Planning
from contracts.records.summary import (
    DataSummary,
    ModelSummary,
    Simulated,
    Status,
    Summary,
    WatchSummary,
)
from contracts.rows import SPLIT
from contracts.splits import split_folder
from pipeline.reporting.data import (
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
from pipeline.workspace import Workspace

SKILLS = {DEMAND: "skill_seasonal_naive", REPLENISHMENT: "skill_base_stock"}
"""By model the skill that its slices are ranked by; the least is the worst."""

_CALIBRATION_CHECK = "from its coverage"
_GATES: Mapping[Status, Gate] = {"refused_data": "data", "refused_model": "model"}
_SLICES_SHOWN = 8


def gather(
    workspace: Workspace,
    run_id: str,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    summary: Summary,
) -> ReportData:
    """Reads what there is; what the run did not come to, or an older release did not write, stays empty.

    Args:
        workspace: that the run worked in.
    """
    outputs = artifacts_of_run(metadata_config, run_id)
    record = RunRecord(metadata_config, run_id)
    # Each gate's stops first and its passed ones last.
    checks = sorted(summary.checks, key=lambda check: (check.gate, VERDICTS.index(check.verdict)))
    compared, statistics = _features(record, outputs, checks)
    comparison = first(outputs, nodes.POLICY_COMPARISON, "comparison")
    return ReportData(
        verdict=_verdict(summary, record, checks, workspace),
        incoming=_incoming(summary.data, first(outputs, nodes.EXAMPLE_GEN, "examples")),
        features=statistics,
        compared=compared,
        checks=tuple(checks),
        series=_series(comparison),
        coverage=_coverage(comparison),
        coverage_band=next((c.threshold for c in checks if c.check.endswith(_CALIBRATION_CHECK)), None),
        policies=_policies(summary.simulation, summary.planning),
        planning=_planned(summary.planning),
        methods={name: _methods(model) for name, model in summary.models.items()} | _watch(summary.watch),
        slices={name: _slices(name, model.slices) for name, model in summary.models.items()},
        components=summary.components,
        lineage=lineage(record, outputs, workspace),
    )


def _verdict(
    summary: Summary, record: RunRecord, checks: Sequence[AnyCheck], workspace: Workspace
) -> Verdict:
    models = []
    for name, model in summary.models.items():
        version = model.pushed_version if summary.status == "pushed" else None
        folder = str(workspace.serving / name / str(version)) if version else None
        models.append(Served(name, model.blessed, version, folder))
    reasons, steps = _reasons(summary, checks), _next_steps(summary, workspace)
    return Verdict(
        summary.run_id, summary.status, record.began, tuple(models), reasons, steps, summary.because
    )


def _reasons(summary: Summary, checks: Sequence[AnyCheck]) -> tuple[str, ...]:
    gate = _GATES.get(summary.status)
    stopped = tuple(_stop(check) for check in checks if check.gate == gate and check.verdict == "stop")
    problems = tuple(map(str, summary.data.problems))
    failed = tuple(f"{c.node}: {c.reason}" for c in summary.components if c.state == "failed")
    return stopped or problems or failed or tuple(dict.fromkeys(summary.reasons))


def _next_steps(summary: Summary, workspace: Workspace) -> tuple[str, ...]:
    folder = shlex.quote(str(workspace.root))
    if summary.status == "pushed":
        command = f"retail-inventory plan --data FOLDER --workspace {folder}"
        return (f"plan the orders: `{command}`, with the `--config` of the run where it had one",)
    if summary.status == "refused_model":
        return tuple(summary.remedies)
    if summary.status != "refused_data":
        return (f"see the logs in `{workspace.logs(summary.run_id)}`, and run again",)
    # What is wrong in files says its remedy itself.
    problems = summary.data.problems if any(check.verdict == "stop" for check in summary.checks) else ()
    return tuple(dict.fromkeys(problem.remedy for problem in problems))


def _stop(check: AnyCheck) -> str:
    where = "" if check.slice == WHOLE else f" ({check.slice})"
    value = "" if check.value is None else f"value {check.value:.4g}"
    threshold = "" if check.threshold is None else f"threshold {check.threshold:.4g}"
    numbers = ", ".join(part for part in (value, threshold) if part)
    return f"{check.check}, {check.subject}{where}: {check.reason}{f' ({numbers})' if numbers else ''}"


def _incoming(data: DataSummary, rows: Artifact | None) -> Incoming:
    ingest = read_json(rows, files.INGEST) if rows and (Path(rows.uri) / files.INGEST).exists() else {}
    return Incoming(
        data,
        ingest.get("filled_rows", 0),
        ingest.get("read_rows", {}),
        ingest.get("rejected_rows", {}),
        tuple(ingest.get("rejected_reasons", ())),
        tuple(ingest.get("notes", ())),
    )


def _features(
    record: RunRecord, outputs: Outputs, checks: Sequence[AnyCheck]
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


def _planned(planning: Planning | None) -> str:
    if planning is None:
        return ""
    said = f"{planning.said()}."
    if planning.unproven is None:
        said += " It was chosen there; the forecast plan gives way only to what is proven cheaper."
    return said[0].upper() + said[1:]


def _policies(simulation: Mapping[str, Simulated], planning: Planning | None) -> tuple[Policy, ...]:
    # Before a policy was chosen, the replenishment model planned.
    plans = (planning or Planning()).policy
    found = [
        Policy(
            name,
            policy.total_cost,
            policy.holding_cost,
            policy.shortage_cost,
            policy.fill_rate,
            policy.average_stock_value,
            name == plans,
            policy.waste_cost or 0.0,
        )
        for name, policy in simulation.items()
        if policy.total_cost is not None
    ]
    return tuple(sorted(found, key=lambda policy: policy.total_cost))


def _methods(model: ModelSummary) -> tuple[Method, ...]:
    named = model.methods if model.evaluated else {}
    return tuple(Method(name, metrics) for name, metrics in named.items())


def _watch(watch: WatchSummary | None) -> dict[str, tuple[Method, ...]]:
    if watch is None or not watch.metrics:
        return {}
    return {WATCH: (Method("blessed" if watch.blessed else "refused", watch.metrics),)}


def _slices(model: str, slices: Mapping[str, Mapping[str, float | None]]) -> tuple[Slice, ...]:
    ranked = []
    for name, metrics in slices.items():
        skill = metrics.get(SKILLS[model])
        if skill is not None:
            ranked.append((skill, name, dict(metrics)))
    return tuple(
        Slice(name, metrics) for _, name, metrics in sorted(ranked, key=lambda s: s[:2])[:_SLICES_SHOWN]
    )
