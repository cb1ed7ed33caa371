"""What TFMA, TFDV and the comparison wrote, as tables for the store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from tensorflow_metadata.proto.v0 import statistics_pb2

from contracts.models import BASELINES
from contracts.records.summary import PolicyMetrics

CANDIDATE, INCUMBENT, ALL = "candidate", "incumbent", "all"

_METRICS = tuple(PolicyMetrics.model_fields)

BySlice = Mapping[str, Mapping[str, float]]


def metric_table(run_id: str, evaluations: Mapping[str, Mapping[str, BySlice]]) -> pa.Table:
    """Rows of ``metrics``.

    Args:
        evaluations: by model and source (candidate, incumbent) TFMA's metrics by slice; the whole split is ``""``.
    """
    rows: dict[str, list[Any]] = {name: [] for name in ("model", "source", "slice", "metric", "value")}
    for model, sources in evaluations.items():
        for source, slices in sources.items():
            for slice_, metrics in slices.items():
                for name, value in metrics.items():
                    baseline = next((b for b in BASELINES.get(model, ()) if name.startswith(f"{b}_")), None)
                    if "_diff" in name or (baseline and source != CANDIDATE):
                        continue
                    rows["model"].append(model)
                    rows["source"].append(baseline or source)
                    rows["slice"].append(slice_ or ALL)
                    rows["metric"].append(name.removeprefix(f"{baseline}_"))
                    rows["value"].append(value)
    return _of_run(run_id, rows, floats=("value",))


def policy_table(run_id: str, policies: Mapping[str, Mapping[str, Any]], planning: str) -> pa.Table:
    """Rows of ``policy_costs``.

    Args:
        policies: policies.json of PolicyComparison.
        planning: the one of them by which the pair plans.
    """
    rows: dict[str, list[Any]] = {name: [] for name in ("policy", "slice", "plans", *_METRICS)}
    for policy, found in policies.items():
        simulated = found.get("simulation")
        if simulated is None:
            continue
        for slice_, metrics in ({ALL: simulated} | simulated.get("by", {})).items():
            rows["policy"].append(policy)
            rows["slice"].append(slice_)
            rows["plans"].append(policy == planning)
            for name in _METRICS:
                rows[name].append(metrics.get(name))
    return _of_run(run_id, rows, floats=_METRICS)


def calibration_table(run_id: str, coverage: Mapping[str, Mapping[str, float]]) -> pa.Table:
    """Rows of ``calibration``; levels without observed demand are left out."""
    rows: dict[str, list[Any]] = {"level": [], "below": [], "at_most": []}
    for level, shares in coverage.items():
        if not math.isnan(shares["below"]):
            rows["level"].append(float(level))
            rows["below"].append(shares["below"])
            rows["at_most"].append(shares["at_most"])
    return _of_run(run_id, rows, floats=tuple(rows))


def statistics_table(run_id: str, statistics: statistics_pb2.DatasetFeatureStatisticsList) -> pa.Table:
    """Rows of ``data_statistics``, one a feature."""
    floats = ("missing", "low", "mean", "median", "high", "zeros")
    rows: dict[str, list[Any]] = {name: [] for name in ("feature", "rows", *floats, "distinct_values")}
    dataset = statistics.datasets[0]
    total = int(dataset.num_examples)
    for feature in dataset.features:
        numeric = feature.HasField("num_stats")
        common = (feature.num_stats if numeric else feature.string_stats).common_stats
        present = int(common.num_non_missing)
        numbers: dict[str, Any] = {
            "feature": feature.path.step[0],
            "rows": total,
            "missing": (total - present) / total if total else 0.0,
        }
        if numeric and present:
            found = feature.num_stats
            numbers |= {"low": found.min, "mean": found.mean, "median": found.median, "high": found.max}
            numbers["zeros"] = found.num_zeros / total
        elif not numeric:
            numbers["distinct_values"] = int(feature.string_stats.unique)
        for name, values in rows.items():
            values.append(numbers.get(name))
    table = _of_run(run_id, rows, floats)
    counts = {name: pa.array(rows[name], pa.int64()) for name in ("rows", "distinct_values")}
    for name, column in counts.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _of_run(run_id: str, rows: Mapping[str, list[Any]], floats: tuple[str, ...]) -> pa.Table:
    length = len(next(iter(rows.values())))
    columns = {
        name: pa.array(values, pa.float64() if name in floats else None) for name, values in rows.items()
    }
    return pa.table({"run_id": pa.array([run_id] * length, pa.string()), **columns})
