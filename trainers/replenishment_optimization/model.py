"""The replenishment network, and its loss: what its orders cost."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers, ops

from contracts.models import REPLENISHMENT
from trainers.encoder import BASE_FLOOR, decode, demand_rate, encode, model_inputs, of_each_period
from trainers.options import ReplenishmentOptions
from trainers.replenishment_optimization.rollout import Labels, costs
from transforms.features import FeatureSpace

EXTRA_INPUTS = ("critical_ratio", "protection", "review")
EXPECTED_FLOOR = 1e-4
"""Of the demand over the interval, in these units, for its logarithm and root; a single open period has more."""
FIRST_CAP = 1.0
"""Training begins with a cap that hardly binds."""


def build_model(space: FeatureSpace, embedding_rows: int, options: ReplenishmentOptions) -> keras.Model:
    """Transformed features in; out [N, 2], units, never negative: the order-up-to level, and the largest order.

    An order is the level less what is on hand and on its way, but no more than the largest order (capped base stock:
    Xin 2021, Understanding the performance of capped base-stock policies in lost-sales inventory models, Operations
    Research 69). The cap matters where little is there: what runs out before an order arrives is lost, not owed.

    level = sum of demand rates over the protection interval
            + (sqrt(that sum) + 0.3 that sum) x (z(ratio) a + b), a >= 0 and b from the network, in scaled units
    The sum makes the level follow the periods of the interval on which the store is open; it is 0 where there are none.
    The second term is a safety stock that the network learns
    from the window, the critical ratio's normal quantile and the interval's length. The largest order is the same over
    the periods from the order's arrival to the next one's.
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
    protection = inputs["protection"][:, None, :]
    covered = ops.cast(ahead <= protection + 0.5, "float32") * inputs["future_open"][:, :, None]
    served = covered * ops.cast(ahead > protection - inputs["review"][:, None, :] + 0.5, "float32")
    is_open = ops.max(covered, axis=1)
    expected = ops.maximum(ops.sum(rate * covered, axis=1), EXPECTED_FLOOR)
    in_cycle = ops.maximum(ops.sum(rate * served, axis=1), EXPECTED_FLOOR)

    z = normal_quantile(inputs["critical_ratio"])
    spread = ops.sum(hidden * covered, axis=1) / ops.maximum(ops.sum(covered, axis=1), 1.0)
    lengths = [ops.log(inputs["protection"] + 1.0), ops.log(inputs["review"])]
    asked = ops.concatenate(
        [context, spread, ops.log(expected), ops.log(in_cycle), z, ops.square(z), *lengths], axis=1
    )
    safety = layers.Dense(options.units, activation="relu", name="safety_1")(asked)
    safety = layers.Dropout(options.dropout, seed=options.seed + 200)(safety)
    safety = layers.Dense(4, kernel_initializer="zeros", name="safety_2")(safety)

    def above(
        demand: keras.KerasTensor, of_z: keras.KerasTensor, more: keras.KerasTensor
    ) -> keras.KerasTensor:
        units = ops.sqrt(demand / inputs["scale"]) + 0.3 * demand
        found = demand + units * (z * ops.softplus(of_z) + more)
        return ops.softplus(8.0 * found) / 8.0 * inputs["scale"] * is_open

    level = above(expected, safety[:, :1], safety[:, 1:2])
    most = above(in_cycle, safety[:, 2:3], safety[:, 3:] + FIRST_CAP)
    return keras.Model(inputs, ops.concatenate([level, most], axis=1), name=REPLENISHMENT)


def normal_quantile(p: keras.KerasTensor) -> keras.KerasTensor:
    """Standard normal quantile of p, kept within 0.001 .. 0.999."""
    return math.sqrt(2.0) * ops.erfinv(2.0 * ops.clip(p, 1e-3, 1.0 - 1e-3) - 1.0)


class OrderCost(keras.losses.Loss):
    """What the orders of the windows' series cost, money, [N]: see ``rollout.costs``."""

    def call(self, y_true: Labels, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        return costs(y_pred[:, 0], y_pred[:, 1], y_true.parsed, y_true.chains, y_true.starts)
