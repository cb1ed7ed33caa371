"""The product's replenishment network on the instances whose optimum is known: trained as a user would, and asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pandas as pd
import tensorflow as tf
import yaml

from benchmarks.harness import runs
from benchmarks.optimum.lost_sales import HOLDING, INSTANCES, Instance
from components.example_generation.folder import read_folder
from components.policy_comparison.closed_loop import Levels
from components.policy_comparison.predicting import AskRaw, load_raw
from components.windowing.cutting import Shard
from contracts import nodes
from contracts.arrays import Floats
from contracts.models import REPLENISHMENT
from pipeline.config import Config
from transforms.features import FeatureSpace

HISTORY = 28
SETTINGS: dict[str, dict[str, Any]] = {
    "windows": {
        "review_period": 1,
        "horizon": 6,
        "history": HISTORY,
        "minimum_history": HISTORY,
        "test_periods": 28,
        "eval_periods": 60,
        "train_stride": 1,
        "eval_stride": 1,
        "newest_stride": 1,
    },
    "replenishment_optimization": {"reviews": 16},
}
"""Lengths alone; all else is as it comes. With an order every period there are as many windows a review apart as one
likes, and orders that arrive after 5 periods show what they cost late.
"""
_FIRST_DAY = "2020-01-01"


def demands(series: int, periods: int, seed: int) -> dict[Instance, Floats]:
    """Demand of every instance, units, [series, periods]."""
    rng = np.random.default_rng(seed)
    return {instance: instance.draw(rng, (series, periods)) for instance in INSTANCES}


def write(folder: Path, demand: Mapping[Instance, Floats]) -> None:
    """Files of the data contract: an instance is a product, and each of its series a store."""
    folder.mkdir(parents=True)
    sales = []
    for instance, units in demand.items():
        series, periods = units.shape
        sales.append(
            pd.DataFrame(
                {
                    "date": np.tile(pd.date_range(_FIRST_DAY, periods=periods), series),
                    "store_id": np.repeat([f"s{number:03d}" for number in range(series)], periods),
                    "product_id": instance.name,
                    "units_sold": units.ravel(),
                    "in_stock": 1,
                }
            )
        )
    pd.concat(sales).to_parquet(folder / "sales_data.parquet", index=False)
    products = [
        (instance.name, instance.law, instance.lead_time, HOLDING, instance.shortage) for instance in demand
    ]
    columns = ["product_id", "category", "lead_time", "holding_cost", "shortage_cost"]
    pd.DataFrame(products, columns=columns).to_parquet(folder / "products.parquet", index=False)


def trained(folder: Path, demand: Mapping[Instance, Floats]) -> runs.Run:
    """One run of the pipeline on all instances, below the folder."""
    write(folder / "data", demand)
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(SETTINGS))
    return runs.run(folder / "data", folder, config)


def network_of(run: runs.Run) -> tuple[AskRaw, FeatureSpace]:
    """A run's network, and what it is asked with."""
    space = FeatureSpace.from_json((run.windows / "feature_space.json").read_text())
    return load_raw(str(run.model(nodes.TRAINERS[REPLENISHMENT]))), space


def levels(
    ask: AskRaw, space: FeatureSpace, folder: Path, demand: Mapping[Instance, Floats]
) -> dict[Instance, Levels]:
    """What a network says at every review, [series, reviews].

    The first review is at the end of the first ``HISTORY`` periods, the last one before the last period.

    Args:
        ask: the network.
        space: what it is asked with.
        folder: where files may be written.
        demand: as of ``demands``; sales are demand, as where nothing ever ran out.
    """
    write(folder / "asked", demand)
    options = Config.model_validate(SETTINGS)
    rows = read_folder(folder / "asked", options.data).rows
    first = int(np.datetime64(_FIRST_DAY, "D").astype(np.int64))
    series, periods = next(iter(demand.values())).shape
    reviews = periods - HISTORY
    products, parts = [], []
    for windows in Shard(rows, space, options.windows).inputs(first + HISTORY - 1 + np.arange(reviews)):
        said = ask({name: tf.constant(values) for name, values in windows.items()})
        parts.append(np.concatenate([said["order_up_to_level"], said["largest_order"]], axis=1))
        products.append(windows["product_id"][:, 0].astype(str))
    product, answers = np.concatenate(products), np.concatenate(parts).astype(np.float64)
    found = {}
    for instance in demand:
        # Windows come series by series, and each series' by date.
        of_product = answers[product == instance.name].reshape(series, reviews, 2)
        found[instance] = Levels(of_product[..., 0], of_product[..., 1])
    return found
