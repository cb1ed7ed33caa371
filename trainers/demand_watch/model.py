"""The network of the demand watch, and the likelihood that it learns by."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from contracts.models import WATCH
from trainers.encoder import demand_rate, heads, model_inputs
from trainers.options import WatchOptions
from transforms.features import FeatureSpace

MEAN, SIZE, ZERO = range(3)
"""Place of each parameter in the network's output."""
_LEAST_MEAN = 1e-4
_SIZES = (0.05, 1e3)
_MOST_ZERO = 0.9
_LEAST_PROBABILITY = 1e-12


def build_model(
    space: FeatureSpace, embedding_rows: int, options: WatchOptions, step: float = 1.0
) -> keras.Model:
    """Transformed features in, parameters of each period's demand [N, H, 3] out.

    They are mean (in steps of so many units), size and zero of ``inventory.detection.distribution.Demand``. The encoder
    is the demand model's; a likelihood in the place of quantiles says how unlikely is what lies far outside of them.
    """
    inputs = model_inputs(space)
    similar, head = heads(inputs, space, embedding_rows, options)
    rate = demand_rate(head(similar.shape[2], "mix", "softmax"), similar, head(1, "change"))
    mean = ops.maximum(rate * inputs["scale"][:, :, None] / step, _LEAST_MEAN)
    low, high = _SIZES
    size = ops.exp(ops.clip(head(1, "size") + 1.0, np.log(low), np.log(high)))
    zero = _MOST_ZERO * ops.sigmoid(head(1, "zero") - 4.0)
    return keras.Model(inputs, ops.concatenate([mean, size, zero], axis=2), name=WATCH)


class DemandLikelihood(keras.losses.Loss):
    """Negative log likelihood of the steps sold, [N, H] before weighting."""

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        sold = tf.cast(y_true, tf.float32)
        mean, size, zero = y_pred[:, :, MEAN], y_pred[:, :, SIZE], y_pred[:, :, ZERO]
        log_share = -tf.math.log1p(mean / size)
        log_rest = tf.math.log(mean) - tf.math.log(size + mean)
        counted = (
            tf.math.lgamma(sold + size) - tf.math.lgamma(size) - tf.math.lgamma(sold + 1)
            + size * log_share + sold * log_rest
        )  # fmt: skip
        none = tf.math.log(zero + (1 - zero) * tf.exp(size * log_share) + _LEAST_PROBABILITY)
        return -tf.where(sold > 0, tf.math.log1p(-zero) + counted, none)
