"""What TFMA measures of each model, on which slices, and from which metrics on a model is blessed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFMA)
from tensorflow_model_analysis.proto import config_pb2  # Newer releases no longer have these at the top.

from components.model_gate.options import GateOptions
from contracts.models import DEMAND, REPLENISHMENT, WATCH
from trainers.options import WatchOptions

SLICES = ("store_id", "category", "volume_class", "promotion")


def demand_eval_config(gate: GateOptions, levels: Sequence[float]) -> config_pb2.EvalConfig:
    """Blessed from ``gate.demand_skill`` on, and at a WAPE not worse than the latest blessed model's."""
    metric = config_pb2.MetricConfig(
        class_name="DemandAccuracy",
        module=f"trainers.{DEMAND}.tfma_metrics",
        config=json.dumps({"levels": list(levels)}),
    )
    thresholds = {
        "skill_seasonal_naive": _at_least(gate.demand_skill),
        "wape": _no_worse(gate.loss_margin),
    }
    return _eval_config(metric, "label_units", thresholds)


def replenishment_eval_config(gate: GateOptions) -> config_pb2.EvalConfig:
    """Blessed from ``gate.replenishment_skill`` on, and at a cost not above the latest blessed model's."""
    metric = config_pb2.MetricConfig(
        class_name="ReplenishmentCost", module=f"trainers.{REPLENISHMENT}.tfma_metrics"
    )
    thresholds = {
        "skill_base_stock": _at_least(gate.replenishment_skill),
        "cycle_cost": _no_worse(gate.cost_margin),
    }
    return _eval_config(metric, "protection_demand", thresholds)


def watch_eval_config(options: WatchOptions) -> config_pb2.EvalConfig:
    """Blessed where its alarms on the test split are few enough, and what is planted there is found.

    These thresholds are its gate: TFMA blesses or refuses it by them, and the pair has no part in it.
    """
    metric = config_pb2.MetricConfig(class_name="WatchAlarms", module=f"trainers.{WATCH}.tfma_metrics")
    thresholds = {
        "false_alarms": _at_most(options.most_false_alarms),
        "false_shifts": _at_most(options.most_false_alarms),
        "power_spike": _at_least(options.least_power),
        "power_shift_up": _at_least(options.least_power),
    }
    return _eval_config(metric, "label_units", thresholds)


def _eval_config(
    metric: config_pb2.MetricConfig, label: str, thresholds: dict[str, config_pb2.MetricThreshold]
) -> config_pb2.EvalConfig:
    # Without slices of its own a threshold would hold for every slice, down to the smallest store.
    overall = {
        name: config_pb2.PerSliceMetricThresholds(
            thresholds=[
                config_pb2.PerSliceMetricThreshold(
                    slicing_specs=[config_pb2.SlicingSpec()], threshold=threshold
                )
            ]
        )
        for name, threshold in thresholds.items()
    }
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="serving_default", label_key=label)],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=[name]) for name in SLICES),
        ],
        metrics_specs=[config_pb2.MetricsSpec(metrics=[metric], per_slice_thresholds=overall)],
        # The metrics count examples themselves, and intervals would cost twenty resamplings of every slice.
        options=config_pb2.Options(include_default_metrics={"value": False}),
    )


def _at_least(bound: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(lower_bound={"value": bound})
    )


def _at_most(bound: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(upper_bound={"value": bound})
    )


def _no_worse(margin: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        # A value threshold that any finite metric meets: TFMA skips a change threshold where there is no baseline,
        # and a metric that is NaN must not pass even then.
        value_threshold=config_pb2.GenericValueThreshold(lower_bound={"value": 0.0}),
        change_threshold=config_pb2.GenericChangeThreshold(
            direction=config_pb2.MetricDirection.LOWER_IS_BETTER, relative={"value": margin}
        ),
    )
