"""The demand network and its loss."""

from __future__ import annotations

import keras
from keras import ops

from contracts.models import DEMAND
from trainers.encoder import demand_rate, heads, model_inputs
from trainers.options import DemandOptions
from transforms.features import FeatureSpace


def build_model(space: FeatureSpace, embedding_rows: int, options: DemandOptions) -> keras.Model:
    """Transformed features in, quantiles of demand [N, H, Q] in units out.

    Quantiles neither cross nor fall below zero, whatever the weights: the lowest is positive and each next
    one adds a non-negative step. Where the store is closed all of them are 0.
    """
    inputs = model_inputs(space)
    similar, head = heads(inputs, space, embedding_rows, options)
    raw = head(len(options.quantiles), "steps")
    mix = head(similar.shape[2], "mix", "softmax")
    change = head(1, "change")
    quantiles = ops.cumsum(ops.softplus(raw - 1.5), axis=2) * demand_rate(mix, similar, change)
    quantiles = quantiles * inputs["scale"][:, :, None] * inputs["future_open"][:, :, None]
    return keras.Model(inputs, quantiles, name=DEMAND)


class PinballLoss(keras.losses.Loss):
    """Mean over the quantile levels q of max(q (y - f), (q - 1) (y - f)); shape [N, H] before weighting."""

    def __init__(self, quantiles: tuple[float, ...], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.quantiles = quantiles

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        level = ops.convert_to_tensor(self.quantiles, dtype=y_pred.dtype)
        error = y_true[:, :, None] - y_pred
        return ops.mean(ops.maximum(level * error, (level - 1.0) * error), axis=2)
