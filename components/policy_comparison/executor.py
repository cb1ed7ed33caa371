"""Asks the models for the test period's windows, and writes what each policy would have cost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
from numpy.typing import NDArray
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.policy_comparison import closed_loop
from components.policy_comparison.calibration import coverage_bounds
from components.policy_comparison.comparing import compare_levels
from components.policy_comparison.errors import errors_by_series
from components.policy_comparison.forecasts import forecast_table
from components.policy_comparison.held_out import HeldOut, lay_out
from components.policy_comparison.predicting import ASKED_AT_ONCE, Ask, index_of, load, parse
from contracts import files
from contracts.arrays import Arrays
from contracts.models import DEMAND, MODELS, REPLENISHMENT, channel
from contracts.policies import BASE_STOCK, CLAIRVOYANT, INCUMBENT, MODEL, QUANTILE_PLAN
from contracts.splits import DECISION_POINTS, TEST
from inventory.base_stock import protection_interval, quantile_plan_level
from inventory.newsvendor import critical_ratio
from serving.promotions import PROMOTED_BY
from transforms.features import Feature, FeatureSpace


class Executor(base_executor.BaseExecutor):
    """See components.policy_comparison.component.PolicyComparison."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        space = FeatureSpace.from_json(exec_properties["feature_space"])
        levels = json.loads(exec_properties["quantile_levels"])
        models = {
            name: load(path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict[key])))
            for name, key in (*((model, channel(model, "model")) for model in MODELS), (INCUMBENT, INCUMBENT))
            if input_dict.get(key)
        }
        windows = artifact_utils.get_single_instance(input_dict["windows"])
        test = answers(_batches(input_dict["windows"], TEST), space.raw_features(), models, levels)
        compared: dict[str, dict[str, Any]] = {}
        for name, found in compare_levels(test, {name: test[name] for name in _level_names(models)}).items():
            compared[name] = dict(found)

        reviews = answers(
            _batches(input_dict["windows"], DECISION_POINTS), space.decision_features(), models, levels
        )
        review_period = int(reviews["review_period"][0, 0])
        rows = pq.read_table(os.path.join(windows.uri, files.TEST_PERIOD))
        held, by_policy = join_reviews(rows, reviews, _level_names(models), review_period, space.period_days)
        runs = closed_loop.run_policies(held, by_policy, review_period)
        for name, found in closed_loop.report(held, runs, review_period, space.period_days).items():
            compared.setdefault(name, {})["simulation"] = found
        costs = closed_loop.costs_by_series(held, runs, by_policy[BASE_STOCK][:, 0], review_period)
        compared[CLAIRVOYANT] = {"simulation": {"total_cost": float(costs[CLAIRVOYANT].sum())}}
        coverage = coverage_bounds(test["label_units"], test["label_observed"], test["quantiles"], levels)

        folder = artifact_utils.get_single_instance(output_dict["comparison"]).uri
        for name, content in ((files.POLICIES, compared), (files.CALIBRATION, coverage)):
            with fileio.open(os.path.join(folder, name), "w") as file:
                file.write(json.dumps(content, indent=1))
        served = {f"served_{name}": runs[name].sales.sum(axis=1) for name in runs}
        series = {
            "store_id": held.store_id,
            "product_id": held.product_id,
            "demand": held.demand.sum(axis=1),
            "estimated_periods": held.estimated.sum(axis=1),
            **{f"cost_{name}": values for name, values in costs.items()},
            **served,
        }
        pq.write_table(pa.table(series), os.path.join(folder, files.SERIES))
        pq.write_table(errors_by_series(test, levels), os.path.join(folder, files.ERRORS))
        forecasts = forecast_table(test, levels, space.period_days)
        pq.write_table(forecasts, os.path.join(folder, files.FORECASTS))


def answers(
    batches: Iterator[tf.Tensor],
    features: Sequence[Feature],
    models: Mapping[str, Ask],
    levels: Sequence[float],
) -> Arrays:
    """Raw features of all windows, the demand model's ``quantiles``, and an order-up-to level [N, 1] by policy.

    Args:
        batches: serialized windows.
        features: those to read; model inputs, ``base_stock_level`` and whatever else the windows have.
        models: both by name and, where there is one, ``incumbent``.
    """
    kept = [f for f in features if not f.name.startswith(("history_", "future_")) or f.name in PROMOTED_BY]
    parts: dict[str, list[NDArray[Any]]] = {}
    for examples in batches:
        quantiles = models[DEMAND](examples)["quantiles"].numpy()
        found = parse(examples, kept) | {"quantiles": quantiles}
        for policy, key in ((MODEL, REPLENISHMENT), (INCUMBENT, INCUMBENT)):
            if key in models:
                found[policy] = models[key](examples)["order_up_to_level"].numpy()
        for name, values in found.items():
            parts.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    plan = quantile_plan_level(
        levels,
        whole["quantiles"],
        # A product whose interval is longer than the horizon is planned for as far as the forecast reaches.
        np.minimum(
            protection_interval(whole["lead_time"][:, 0], whole["review_period"][:, 0]),
            whole["quantiles"].shape[1],
        ),
        critical_ratio(whole["holding_cost"][:, 0], whole["shortage_cost"][:, 0]),
    )
    return whole | {QUANTILE_PLAN: plan[:, None], BASE_STOCK: whole["base_stock_level"]}


def join_reviews(
    rows: pa.Table, reviews: Arrays, policies: Sequence[str], review_period: int, period_days: int
) -> tuple[HeldOut, Arrays]:
    """The series that have a window at every review, and each policy's levels [N, reviews] for them."""
    origins = np.unique(reviews["origin"])
    periods = int((rows["date"].to_numpy().max() - origins[0]) // period_days)
    order = [("store_id", "ascending"), ("product_id", "ascending"), ("date", "ascending")]
    held = lay_out(rows.sort_by(order), int(origins[0]), periods, review_period, period_days)
    series = index_of(reviews["store_id"][:, 0], reviews["product_id"][:, 0], held.store_id, held.product_id)
    column = np.searchsorted(origins, reviews["origin"][:, 0])
    matched = series >= 0
    levels = {}
    for name in policies:
        level = np.full((len(held), len(origins)), np.nan)
        level[series[matched], column[matched]] = reviews[name][matched, 0]
        levels[name] = level
    complete = np.isfinite(levels[BASE_STOCK]).all(axis=1)
    return held.chosen(complete), {name: level[complete] for name, level in levels.items()}


def _level_names(models: Mapping[str, Ask]) -> list[str]:
    return [MODEL, QUANTILE_PLAN, BASE_STOCK, *([INCUMBENT] if INCUMBENT in models else [])]


def _batches(windows: list[Any], split: str) -> Iterator[tf.Tensor]:
    folder = artifact_utils.get_split_uri(windows, split)
    paths = sorted(fileio.glob(os.path.join(folder, "*")))
    return iter(tf.data.TFRecordDataset(paths, compression_type="GZIP").batch(ASKED_AT_ONCE))
