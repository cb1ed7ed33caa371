"""Reads what TFMA wrote: metrics over the whole split and by slice, and its own refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma


def overall_metrics(uri: str) -> dict[str, float]:
    """TFMA's metrics over the whole test split, of the candidate; empty where it has none."""
    return metrics_by_slice(uri).get("", {})


def sliced_metrics(uri: str) -> dict[str, dict[str, float]]:
    """The same for every slice, by its name such as ``store_id=S01``."""
    return {name: metrics for name, metrics in metrics_by_slice(uri).items() if name}


def refusals(uri: str) -> dict[str, str]:
    """Why TFMA refused the model: by metric its name and each failed threshold with bound and value; empty where it did
    not.
    """
    result = tfma.load_validation_result(uri)
    reasons: dict[str, list[str]] = {}
    for by_slice in result.metric_validations_per_slice:
        for failure in by_slice.failures:
            name = failure.metric_key.name
            reasons.setdefault(name, []).append(f"{name}: {failure.message or _threshold(failure)}")
    if not result.validation_ok and not reasons:
        return {"": "TFMA found nothing to judge the model by: the test split or a metric is missing"}
    return {metric: "; ".join(found) for metric, found in reasons.items()}


def metrics_by_slice(uri: str, *, baseline: bool = False) -> dict[str, dict[str, float]]:
    """TFMA's metrics by slice; the whole split is ``""``.

    Args:
        uri: of the ModelEvaluation.
        baseline: of the incumbent instead of the candidate; empty where there is none.
    """
    if not _has_baseline(uri):
        if baseline:
            return {}
        model = None
    else:
        model = "baseline" if baseline else "candidate"
    result = tfma.load_eval_result(uri, model_name=model)
    return {
        ",".join(f"{name}={value}" for name, value in slice_key): {
            name: _number(value) for name, value in outputs[""][""].items()
        }
        for slice_key, outputs in result.slicing_metrics
    }


def _threshold(failure: Any) -> str:
    value = failure.metric_value.double_value.value
    threshold = failure.metric_threshold
    parts = [f"value {value:.4g}"]
    if threshold.HasField("value_threshold"):
        bounds = threshold.value_threshold
        if bounds.HasField("lower_bound"):
            parts.append(f"lowest allowed {bounds.lower_bound.value:g}")
        if bounds.HasField("upper_bound"):
            parts.append(f"highest allowed {bounds.upper_bound.value:g}")
    if threshold.HasField("change_threshold"):
        parts.append(
            f"at most {threshold.change_threshold.relative.value:.0%} worse than the latest blessed model"
        )
    return ", ".join(parts)


def _has_baseline(uri: str) -> bool:
    config = json.loads((Path(uri) / "eval_config.json").read_text())
    return len(config.get("evalConfig", {}).get("modelSpecs", [])) > 1


def _number(value: Mapping[str, Any]) -> float:
    number = value.get("doubleValue", math.nan)
    return float(number) if number is not None else math.nan
