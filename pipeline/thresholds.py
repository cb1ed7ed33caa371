"""What TFMA measures of each model, on which slices, and from which figures on a model is blessed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFMA)
import tensorflow_model_analysis as tfma

from pipeline.config import GateOptions

SLICES = ("store_id", "category", "volume_class", "promotion")


def demand_eval_config(gate: GateOptions, levels: Sequence[float]) -> tfma.EvalConfig:
    """Blessed from ``gate.demand_skill`` on, and at a WAPE not worse than the latest blessed model's."""
    metric = tfma.MetricConfig(
        class_name="DemandAccuracy",
        module="trainers.demand_forecasting.tfma_metrics",
        config=json.dumps({"levels": list(levels)}),
    )
    thresholds = {
        "skill_seasonal_naive": _at_least(gate.demand_skill),
        "wape": _no_worse(gate.loss_margin),
    }
    return _eval_config(metric, "label_units", thresholds)


def replenishment_eval_config(gate: GateOptions) -> tfma.EvalConfig:
    """Blessed from ``gate.replenishment_skill`` on, and at a cost not above the latest blessed model's."""
    metric = tfma.MetricConfig(
        class_name="ReplenishmentCost", module="trainers.replenishment_optimization.tfma_metrics"
    )
    thresholds = {
        "skill_base_stock": _at_least(gate.replenishment_skill),
        "newsvendor_cost": _no_worse(gate.loss_margin),
    }
    return _eval_config(metric, "protection_demand", thresholds)


def _eval_config(
    metric: tfma.MetricConfig, label: str, thresholds: dict[str, tfma.MetricThreshold]
) -> tfma.EvalConfig:
    return tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(signature_name="serving_default", label_key=label)],
        slicing_specs=[tfma.SlicingSpec(), *(tfma.SlicingSpec(feature_keys=[name]) for name in SLICES)],
        metrics_specs=[tfma.MetricsSpec(metrics=[metric], thresholds=thresholds)],
        # The metrics count examples themselves, and intervals would cost twenty resamplings of every slice.
        options=tfma.Options(include_default_metrics={"value": False}),
    )


def _at_least(bound: float) -> tfma.MetricThreshold:
    return tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": bound})
    )


def _no_worse(margin: float) -> tfma.MetricThreshold:
    return tfma.MetricThreshold(
        # A value threshold that any finite figure meets: TFMA skips a change threshold where there is no baseline,
        # and a figure that is NaN must not pass even then.
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": 0.0}),
        change_threshold=tfma.GenericChangeThreshold(
            direction=tfma.MetricDirection.LOWER_IS_BETTER, relative={"value": margin}
        ),
    )
