"""Asks the models for the test period's windows, and writes what each policy would have cost."""

from __future__ import annotations

import itertools
import json
import logging
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
from components.policy_comparison.calibration import coverage_at_level, interval_sums
from components.policy_comparison.choosing import Costs, choose, pooled, settle
from components.policy_comparison.comparing import compare_levels
from components.policy_comparison.errors import errors_by_series
from components.policy_comparison.forecasts import forecast_table
from components.policy_comparison.predicting import ASKED_AT_ONCE, Ask, load, parse
from components.policy_comparison.reviews import INCUMBENT_QUANTILES, QUANTILES, Paths, Reviews, largest
from contracts import files
from contracts.arrays import Arrays
from contracts.errors import UserError
from contracts.models import DEMAND, MODELS, REPLENISHMENT, channel
from contracts.policies import (
    BASE_STOCK,
    CLAIRVOYANT,
    FORECAST_PLAN,
    INCUMBENT,
    INCUMBENT_DEMAND,
    MODEL,
    PLANNING,
)
from contracts.records.planning import Planning
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, EVAL, TEST
from inventory.paths import correlation_by_lag, scores_of
from serving.promotions import PROMOTED_BY
from transforms.features import Feature, FeatureSpace

LOG = logging.getLogger(__name__)
_BATCHES_OF_ERRORS = 20
"""Batches of eval windows by whose errors it is measured how periods go together."""


class Executor(base_executor.BaseExecutor):
    """See components.policy_comparison.component.PolicyComparison."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        space = FeatureSpace.from_json(exec_properties["feature_space"])
        levels = json.loads(exec_properties["quantile_levels"])
        models = {
            name: load(path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict[key])))
            for name, key in (
                *((model, channel(model, "model")) for model in MODELS),
                *((name, name) for name in (INCUMBENT, INCUMBENT_DEMAND)),
            )
            if input_dict.get(key)
        }
        uri = artifact_utils.get_single_instance(input_dict["windows"]).uri
        pair = {name: models[name] for name in MODELS}
        levelled = {name: ask for name, ask in models.items() if name != INCUMBENT_DEMAND}
        test = answers(_batches(input_dict["windows"], TEST), space.raw_features(), levelled)
        found_levels = compare_levels(test, level_names(models))
        compared: dict[str, dict[str, Any]] = {name: dict(found) for name, found in found_levels.items()}

        past = answers(
            itertools.islice(_batches(input_dict["windows"], EVAL), _BATCHES_OF_ERRORS),
            space.raw_features(),
            {DEMAND: models[DEMAND]},
        )
        scores = scores_of(levels, past["quantiles"], past["label_units"])
        correlation = correlation_by_lag(scores, past["label_observed"] > 0).tolist()
        paths = Paths.of(levels, correlation, space.horizon)

        def reviewed(split: str, period: str, asked: Mapping[str, Ask]) -> Reviews | None:
            found = answers(_batches(input_dict["windows"], split), space.decision_features(), asked)
            rows = pq.read_table(os.path.join(uri, period))
            every = exec_properties["review_period"]
            reviews = Reviews.of(rows, found, paths, space.period_days, every) if found else None
            return reviews if reviews is not None and len(reviews.held) else None

        before = reviewed(CHOICE_POINTS, files.CHOICE_PERIOD, pair)
        costs = {} if before is None else before.costs(before.run(FORECAST_PLAN))
        planning = Planning(
            policy=choose(costs) if costs else FORECAST_PLAN,
            costs={name: float(costs[name].sum()) for name in PLANNING if name in costs},
            correlation=tuple(correlation),
        )
        reviews = reviewed(DECISION_POINTS, files.TEST_PERIOD, models)
        if reviews is None:
            raise UserError(
                "no series has windows.minimum_history periods before the test period and rows until its end, so that "
                "no order can be judged: give more history, or a shorter windows.test_periods"
            )
        runs, held = reviews.run(planning.policy), reviews.held
        costs_before, costs = costs, reviews.costs(runs)
        lived = [
            Costs(period.held.store_id, period.held.product_id, by_policy)
            for period, by_policy in ((before, costs_before), (reviews, costs))
            if period is not None
        ]
        plans, proof = settle(planning.policy, pooled(lived), exec_properties["base_stock_cost"])
        if proof is not None:
            planning = planning.model_copy(
                update={"against_base_stock": (proof.estimate, proof.low, proof.high)}
            )
        if plans != planning.policy:
            planning = planning.model_copy(update={"policy": plans, "unproven": planning.policy})
            if INCUMBENT in runs:
                # It orders by the policy that plans.
                runs = reviews.run(plans)
                costs = reviews.costs(runs)
        for name, found in closed_loop.report(held, runs, reviews.review_period, space.period_days).items():
            compared.setdefault(name, {})["simulation"] = found
        compared[CLAIRVOYANT] = {"simulation": {"total_cost": float(costs[CLAIRVOYANT].sum())}}
        periods = test["label_units"], test["label_observed"], test["quantiles"]
        sums = interval_sums(test, test["quantiles"], levels, paths.scores)

        for name, values in costs.items():
            LOG.info(
                "policy simulated", extra={"policy": name, "cost": float(values.sum()), "series": len(held)}
            )
        LOG.info("policy chosen", extra={"policy": planning.policy, "unproven": planning.unproven})

        folder = artifact_utils.get_single_instance(output_dict["comparison"]).uri
        for name, content in (
            (files.POLICIES, compared),
            (files.CALIBRATION, coverage_at_level(*periods, levels)),
            # Each at its own level: sums are of the first periods of each window alone.
            (files.SUM_CALIBRATION, coverage_at_level(*sums, levels)),
        ):
            with fileio.open(os.path.join(folder, name), "w") as file:
                file.write(json.dumps(content, indent=1))
        with fileio.open(os.path.join(folder, files.PLANNING), "w") as file:
            file.write(planning.model_dump_json(indent=1))
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


def answers(batches: Iterator[tf.Tensor], features: Sequence[Feature], models: Mapping[str, Ask]) -> Arrays:
    """Raw features of all windows, and what the models say of them.

    Args:
        batches: serialized windows.
        features: those to read; model inputs, ``base_stock_level`` and whatever else the windows have.
        models: those that are asked: of the pair by their names, and those that serve now as ``incumbent`` and
            ``incumbent_demand``.

    Returns:
        Features by name, [N, size]; ``quantiles`` [N, H, Q], those of the incumbent as ``incumbent_quantiles``; and an
        order-up-to level [N, 1] by policy, with the largest orders of models as ``largest(policy)``. Nothing where
        there are no windows.
    """
    kept = [f for f in features if not f.name.startswith(("history_", "future_")) or f.name in PROMOTED_BY]
    parts: dict[str, list[NDArray[Any]]] = {}
    for examples in batches:
        found = parse(examples, kept)
        for name, key in ((QUANTILES, DEMAND), (INCUMBENT_QUANTILES, INCUMBENT_DEMAND)):
            if key in models:
                found[name] = models[key](examples)["quantiles"].numpy()
        for policy, key in ((MODEL, REPLENISHMENT), (INCUMBENT, INCUMBENT)):
            if key in models:
                said = models[key](examples)
                found[policy] = said["order_up_to_level"].numpy()
                found[largest(policy)] = said["largest_order"].numpy()
        for name, values in found.items():
            parts.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    return whole | {BASE_STOCK: whole["base_stock_level"]} if whole else {}


def level_names(models: Mapping[str, Ask]) -> list[str]:
    """The policies that order up to a level, of those that the models are there for."""
    return [MODEL, BASE_STOCK, *([INCUMBENT] if INCUMBENT in models else [])]


def _batches(windows: list[Any], split: str) -> Iterator[tf.Tensor]:
    folder = artifact_utils.get_split_uri(windows, split)
    paths = sorted(fileio.glob(os.path.join(folder, "*")))
    return iter(tf.data.TFRecordDataset(paths, compression_type="GZIP").batch(ASKED_AT_ONCE))
