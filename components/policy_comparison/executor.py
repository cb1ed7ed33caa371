"""Asks both models for the test windows, and writes what each policy's levels would have cost."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.policy_comparison.comparing import compare_levels
from inventory.base_stock import protection_interval, quantile_plan_level
from inventory.newsvendor import critical_ratio
from transforms.features import FeatureSpace

COMPARISON_FILE = "policies.json"

_BATCH = 1024
_READ = (
    "protection_demand",
    "protection_observed",
    "holding_cost",
    "shortage_cost",
    "base_stock_level",
    "lead_time",
    "review_period",
)


class Executor(base_executor.BaseExecutor):
    """See components.policy_comparison.component.PolicyComparison."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        space = FeatureSpace.from_json(exec_properties["feature_space"])
        folder = artifact_utils.get_split_uri(input_dict["windows"], "test")
        demand = _signature(input_dict["demand_model"])
        replenishment = _signature(input_dict["replenishment_model"])
        types = {"float": tf.float32, "int": tf.int64}
        spec = {
            feature.name: tf.io.FixedLenFeature([feature.size], types[feature.dtype])
            for feature in space.raw_features()
            if feature.name in _READ
        }
        windows: dict[str, list[np.ndarray]] = {name: [] for name in _READ}
        quantiles, levels = [], []
        files = sorted(fileio.glob(os.path.join(folder, "*")))
        for examples in tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH):
            for name, values in tf.io.parse_example(examples, spec).items():
                windows[name].append(values.numpy())
            quantiles.append(demand(examples)["quantiles"].numpy())
            levels.append(replenishment(examples)["order_up_to_level"].numpy())
        whole = {name: np.concatenate(values) for name, values in windows.items()}
        plan = quantile_plan_level(
            json.loads(exec_properties["quantile_levels"]),
            np.concatenate(quantiles),
            protection_interval(whole["lead_time"][:, 0], whole["review_period"][:, 0]),
            critical_ratio(whole["holding_cost"][:, 0], whole["shortage_cost"][:, 0]),
        )
        compared = compare_levels(
            whole,
            {
                "model": np.concatenate(levels),
                "quantile_plan": plan[:, None],
                "base_stock": whole["base_stock_level"],
            },
        )
        artifact = artifact_utils.get_single_instance(output_dict["comparison"])
        with fileio.open(os.path.join(artifact.uri, COMPARISON_FILE), "w") as file:
            file.write(json.dumps(compared, indent=1))


def _signature(model: list[Any]) -> Any:
    loaded = tf.saved_model.load(path_utils.serving_model_path(artifact_utils.get_single_uri(model)))
    signature = loaded.signatures["serving_default"]
    # A signature lives only as long as the object it was loaded with.
    signature.keep_alive = loaded
    name = next(iter(signature.structured_input_signature[1]))
    return lambda examples: signature(**{name: examples})
