"""The replenishment network and its loss, the newsvendor cost."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers, ops

from contracts.models import REPLENISHMENT
from trainers.encoder import BASE_FLOOR, decode, demand_rate, encode, model_inputs, of_each_period
from trainers.options import ReplenishmentOptions
from transforms.features import FeatureSpace

EXTRA_INPUTS = ("critical_ratio", "protection")
EXPECTED_FLOOR = 1e-4
"""Of the demand over the interval, in these units, for its logarithm and root; a single open period has more."""


def build_model(space: FeatureSpace, embedding_rows: int, options: ReplenishmentOptions) -> keras.Model:
    """Transformed features in, order-up-to level [N, 1] in units out, never negative.

    level = sum of demand rates over the protection interval
            + (sqrt(that sum) + 0.3 that sum) x (z(ratio) a + b), a >= 0 and b from the network, in scaled units
    The sum makes the level follow the periods of the interval on which the store is open; it is 0 where there are none.
    The second term is a safety stock that the network learns
    from the window, the critical ratio's normal quantile and the interval's length.
    """
    inputs = model_inputs(space, EXTRA_INPUTS)
    context, future, similar = encode(inputs, space, embedding_rows, options)
    steps = np.arange(1, space.horizon + 1, dtype="float32")[None, :, None]
    ahead = ops.ones_like(future[:, :, :1]) * steps
    hidden = decode(context, [future, ops.log(similar + BASE_FLOOR), ahead / 7.0], options)
    mix = of_each_period(
        layers.Dense(similar.shape[2], activation="softmax", kernel_initializer="zeros", name="mix"), hidden
    )
    change = of_each_period(layers.Dense(1, kernel_initializer="zeros", name="change"), hidden)
    rate = demand_rate(mix, similar, change)
    covered = ops.cast(ahead <= inputs["protection"][:, None, :] + 0.5, "float32")
    covered = covered * inputs["future_open"][:, :, None]
    is_open = ops.max(covered, axis=1)
    expected = ops.maximum(ops.sum(rate * covered, axis=1), EXPECTED_FLOOR)

    z = normal_quantile(inputs["critical_ratio"])
    spread = ops.sum(hidden * covered, axis=1) / ops.maximum(ops.sum(covered, axis=1), 1.0)
    asked = ops.concatenate(
        [context, spread, ops.log(expected), z, ops.square(z), ops.log(inputs["protection"] + 1.0)], axis=1
    )
    safety = layers.Dense(options.units, activation="relu", name="safety_1")(asked)
    safety = layers.Dropout(options.dropout, seed=options.seed + 200)(safety)
    safety = layers.Dense(2, kernel_initializer="zeros", name="safety_2")(safety)
    units = ops.sqrt(expected / inputs["scale"]) + 0.3 * expected
    level = expected + units * (z * ops.softplus(safety[:, :1]) + safety[:, 1:])
    level = ops.softplus(8.0 * level) / 8.0 * inputs["scale"]
    return keras.Model(inputs, level * is_open, name=REPLENISHMENT)


def normal_quantile(p: keras.KerasTensor) -> keras.KerasTensor:
    """Standard normal quantile of p, kept within 0.001 .. 0.999."""
    return math.sqrt(2.0) * ops.erfinv(2.0 * ops.clip(p, 1e-3, 1.0 - 1e-3) - 1.0)


class NewsvendorCost(keras.losses.Loss):
    """holding x (S - D)+ + shortage x (D - S)+; labels are [N, 3]: demand D, holding cost, shortage cost."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        demand, holding, shortage = (y_true[:, i] for i in range(3))
        over = y_pred[:, 0] - demand
        return holding * ops.relu(over) + shortage * ops.relu(-over)
