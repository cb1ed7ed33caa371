"""Network and trees as one forecast: the mean of both, weighted, and around it the network's quantiles."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.arrays import Floats
from inventory.paths import mean_weights
from trainers.demand_forecasting.trees.forest import Forest
from trainers.demand_forecasting.trees.table import rows
from transforms.features import FeatureSpace

_SHARES = np.linspace(0.0, 1.0, 11)
_SPREADS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
_LARGEST_LOGARITHM = 10.0
"""Of the trees' forecast in units of the scale."""


@dataclass(frozen=True)
class Blend:
    """How network and trees go together.

    Attributes:
        share: of the trees in the mean, 0 .. 1.
        spread: by which the quantiles' distances from the mean are multiplied.
    """

    share: float
    spread: float

    def quantiles(self, mean: tf.Tensor, shape: tf.Tensor, trees: tf.Tensor) -> tf.Tensor:
        """Quantiles of the blend, [N, H, Q], units: rising and not negative where the network's are.

        Args:
            mean, shape: of the network, as of ``mean_and_shape``.
            trees: their mean, [N, H], units.
        """
        blended = (1.0 - self.share) * mean + self.share * trees
        around = 1.0 + self.spread * (shape - 1.0)
        return blended[:, :, None] * tf.maximum(around, 0.0)


def mean_and_shape(network: tf.Tensor, levels: Sequence[float]) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean of the network's quantiles, [N, H], units, and these as multiples of it, [N, H, Q]; both 0 where all are 0.

    Args:
        network: its quantiles, [N, H, Q], units.
        levels: Q quantile levels, rising.
    """
    weights = mean_weights(levels).astype(np.float32)
    mean = tf.maximum(tf.reduce_sum(network * weights, axis=2), 0.0)
    return mean, tf.math.divide_no_nan(network, mean[:, :, None])


def choose(batches: Iterable[tuple[NDArray[np.float32], ...]], levels: Sequence[float]) -> Blend:
    """The blend of least pinball loss.

    Args:
        batches: of windows that neither has learned from: the network's quantiles [N, H, Q], the trees' mean [N, H],
            labels [N, H], all in units, and weights [N, H].
        levels: Q quantile levels.
    """
    blends = [Blend(float(share), spread) for share, spread in itertools.product(_SHARES, _SPREADS)]
    losses: Floats = np.zeros(len(blends))
    level = np.asarray(levels, dtype=np.float32)
    for network, trees, label, weight in batches:
        mean, shape = mean_and_shape(network, levels)
        for i, blend in enumerate(blends):
            error = label[:, :, None] - blend.quantiles(mean, shape, trees).numpy()
            pinball = np.maximum(level * error, (level - 1.0) * error).sum(axis=2)
            losses[i] += float((pinball * weight).sum())
    return blends[int(np.argmin(losses))]


def trees_mean(forest: Forest, table: tf.Tensor, scale: tf.Tensor, is_open: tf.Tensor) -> tf.Tensor:
    """Mean demand by the trees, [N, H], units.

    Args:
        forest: gives its logarithm, in units of the scale.
        table: rows, [N, H, C].
        scale: of the windows, [N, 1], units.
        is_open: [N, H].
    """
    shape = tf.shape(table)
    logarithm = forest(tf.reshape(table, [-1, table.shape[2]]))
    mean = tf.exp(tf.minimum(tf.reshape(logarithm, shape[:2]), _LARGEST_LOGARITHM))
    return mean * scale * is_open


class BlendedWithTrees(keras.layers.Layer):
    """Features of a window and the network's quantiles to the blend's quantiles, [N, H, Q], units."""

    def __init__(
        self, forest: Forest, blend: Blend, space: FeatureSpace, levels: Sequence[float], **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.forest, self.blend, self.space, self.levels = forest, blend, space, tuple(levels)

    def call(self, network: keras.KerasTensor, features: dict[str, keras.KerasTensor]) -> keras.KerasTensor:
        table = rows(features, self.space)
        mean = trees_mean(self.forest, table, features["scale"], features["future_open"])
        return self.blend.quantiles(*mean_and_shape(network, self.levels), mean)
