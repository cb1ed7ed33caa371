"""A demand model whose answer is known."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from contracts.models import MODELS
from serving.directory.loading import LoadedModel, LoadedPair
from serving.examples import RAW_TENSORS


def known_model(pair: LoadedPair, answer: Any) -> LoadedModel:
    """A model whose median is a known function of the raw features, with a spread that takes nothing from its mean."""
    space = pair.models[MODELS[0]].space

    def ask(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        middle = tf.cast(answer(inputs), tf.float32)[:, None] * tf.ones([1, space.horizon])
        spread = tf.constant([-1.0, 0.0, 1.0])
        levels = tf.constant([[0.25, 0.5, 0.75]]) * tf.ones([len(middle), 1])
        return {"quantiles": middle[:, :, None] + spread, "levels": levels}

    return LoadedModel(space, {RAW_TENSORS: ask}, {}, None)
