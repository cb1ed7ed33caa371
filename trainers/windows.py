"""The network parts that both models share: what a window looks like to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import layers, ops

from trainers.options import TrainingOptions
from transforms.calendar import DAYS_OF_YEAR
from transforms.features import FeatureSpace
from transforms.preprocessing import ENTITIES, level_spans, text_columns

Tensors = Mapping[str, keras.KerasTensor]
ATTENTION_HEADS = 4
ATTENTION_SIZE = 8
SCORE_LIMIT = 20.0
SHARE_FLOOR = 1e-3
"""Attention weight of a period in which no demand was seen, against 1 for one seen throughout."""


def model_inputs(space: FeatureSpace, extra: tuple[str, ...] = ()) -> dict[str, keras.KerasTensor]:
    """Symbolic inputs: every transformed feature that both models read, and the extra ones of size 1."""
    sizes: dict[str, tuple[int, str]] = {
        "scale": (1, "float32"),
        "recent_levels": (len(level_spans(space)), "float32"),
        "promotion_levels": (2, "float32"),
        "seasonal_profile": (space.horizon, "float32"),
        "history_demand": (space.history, "float32"),
        "history_share": (space.history, "float32"),
        "weekday": (space.horizon, "int64"),
        "year_sine": (space.horizon, "float32"),
        "year_cosine": (space.horizon, "float32"),
    }
    for name in extra:
        sizes[name] = (1, "float32")
    for entity in ENTITIES:
        sizes[entity] = (1, "int64")
    for prefix, size in (("history_", space.history), ("future_", space.horizon)):
        for name in ("price", "discount", "promotion"):
            sizes[prefix + name] = (size, "float32")
        for name in space.numeric_external + space.text_external:
            if prefix == "history_" or name in space.known_future:
                kind = "int64" if name in space.text_external else "float32"
                sizes[prefix + name] = (size, kind)
    return {n: keras.Input((size,), dtype=kind, name=n) for n, (size, kind) in sizes.items()}


class HideIds(layers.Layer):
    """While training, replaces a share of the ids by the id of unseen values, so that one is learned."""

    def __init__(self, unseen_id: int, rate: float, seed: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.unseen_id, self.rate = unseen_id, rate
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, ids: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        if not training or self.rate == 0.0:
            return ids
        hidden = keras.random.uniform(ops.shape(ids), seed=self.generator) < self.rate
        return ops.where(hidden, ops.full_like(ids, self.unseen_id), ids)


class SimilarPeriods(layers.Layer):
    """Mean of past demand, weighted by how alike each past period is to each future one.

    Attention from the future's covariates (weekday, promotion, price, externals) to the past's, whose values
    are not learned but are the demands themselves: a kernel regression with a learned kernel. One further
    key stands for the series' level (demand 1 in scaled units), so an empty history gives 1. Output
    [N, H, heads]. Periods count by the share in which demand was seen.
    """

    def __init__(self, heads: int, size: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, size
        self.query = layers.Dense(heads * size)
        self.key = layers.Dense(heads * size)

    def build(self, shapes: Sequence[tuple[int | None, ...]]) -> None:
        future_shape, past_shape, *_ = shapes
        self.query.build(future_shape)
        self.key.build(past_shape)
        self.recency = self.add_weight((self.heads,), "zeros", name="recency")
        self.level = self.add_weight((self.heads,), "zeros", name="level")
        self.built = True

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        future, past, demand, share = inputs
        history, horizon = past.shape[1], future.shape[1]

        def split(x: keras.KerasTensor, periods: int) -> keras.KerasTensor:
            x = ops.reshape(x, (-1, periods, self.heads, self.size))
            return ops.transpose(x, (0, 2, 1, 3))

        q = split(self.query(future), horizon) / math.sqrt(self.size)
        k = split(self.key(past), history)
        # The part of a score that depends on the past period alone: its age, and how much of it was seen.
        age = np.arange(history - 1, -1, -1, dtype="float32") / 7.0
        seen = ops.log(share + SHARE_FLOOR)[:, None, :] - ops.softplus(self.recency)[None, :, None] * age
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) + seen[:, :, None, :]
        # Softmax by hand, with the level as one further term; scores are bounded, so exp cannot overflow.
        weights = ops.exp(ops.minimum(scores, SCORE_LIMIT))
        level = ops.exp(self.level)[None, :, None]
        total = ops.matmul(weights, demand[:, None, :, None])[:, :, :, 0] + level
        return ops.transpose(total / (ops.sum(weights, axis=3) + level), (0, 2, 1))


def encode(
    inputs: Tensors, space: FeatureSpace, embedding_rows: int, options: TrainingOptions
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """A window as (context [N, units], future covariates [N, H, C], demand of similar periods [N, H, heads])."""
    columns = text_columns(space)
    embed = layers.Embedding(embedding_rows, options.embedding, name="embedding")

    def embedded(name: str, column: str) -> keras.KerasTensor:
        index = columns.index(column)
        hide = HideIds(index, options.unseen_rate, options.seed + index, name=f"hide_{name}")
        return embed(hide(inputs[name]))

    static = [layers.Flatten()(embedded(name, name)) for name in ENTITIES]
    share = inputs["history_share"]
    demand = ops.log1p(inputs["history_demand"])
    static += [
        ops.log(inputs["scale"]),
        ops.log(inputs["recent_levels"]),
        ops.log(inputs["promotion_levels"]),
        ops.log1p(ops.sum(share, axis=1, keepdims=True)),
    ]
    past: list[keras.KerasTensor] = []
    future: list[keras.KerasTensor] = []
    for name in ("price", "discount", "promotion") + space.numeric_external + space.text_external:
        known = f"future_{name}" in inputs
        for prefix, target in (("history_", past), ("future_", future)):
            if prefix == "future_" and not known:
                continue
            if name in space.text_external:
                target.append(embedded(prefix + name, name))
            else:
                target.append(inputs[prefix + name][:, :, None])
    past_calendar, future_calendar = _calendar(inputs, space)
    past += past_calendar
    future += future_calendar + [ops.log(inputs["seasonal_profile"])[:, :, None]]
    past_all = ops.concatenate(past, axis=2)
    future_all = ops.concatenate(future, axis=2)

    similar = SimilarPeriods(ATTENTION_HEADS, ATTENTION_SIZE, name="similar_periods")(
        [future_all, past_all, inputs["history_demand"], share]
    )
    hidden = ops.concatenate([demand * share, share, *static], axis=1)
    context = layers.Dense(options.units, activation="relu", name="encoder_1")(hidden)
    context = layers.Dropout(options.dropout, seed=options.seed)(context)
    context = context + layers.Dense(options.units, activation="relu", name="encoder_2")(context)
    context = layers.LayerNormalization(name="encoder_norm")(context)
    return ops.concatenate([context, *static], axis=1), future_all, similar


def decode(
    context: keras.KerasTensor, steps: list[keras.KerasTensor], options: TrainingOptions
) -> keras.KerasTensor:
    """The first layer over what is known of a window [N, units] and of each future period [N, H, ...]: [N, H, units].

    It equals one dense layer over both, with the window repeated for every period, and saves the repeating.
    """
    of_window = layers.Dense(options.units, use_bias=False, name="decoder_window")(context)[:, None, :]
    of_steps = layers.Dense(options.units, name="decoder_steps")(ops.concatenate(steps, axis=2))
    return layers.Dropout(options.dropout, seed=options.seed + 100)(ops.relu(of_window + of_steps))


def _calendar(
    inputs: Tensors, space: FeatureSpace
) -> tuple[list[keras.KerasTensor], list[keras.KerasTensor]]:
    """Weekday (daily data) and the year's phase, of the past and of the future periods."""
    lag = np.arange(space.history, 0, -1)
    # The past's position in the year is the first future period's, turned back.
    angle = (lag * (2.0 * math.pi * space.period_days / DAYS_OF_YEAR)).astype("float32")[None, :]
    sine, cosine = inputs["year_sine"], inputs["year_cosine"]
    past_sine = sine[:, :1] * np.cos(angle) - cosine[:, :1] * np.sin(angle)
    past_cosine = cosine[:, :1] * np.cos(angle) + sine[:, :1] * np.sin(angle)
    past = [past_sine[:, :, None], past_cosine[:, :, None]]
    future = [sine[:, :, None], cosine[:, :, None]]
    if space.period_days == 1:
        weekday = inputs["weekday"]
        past.append(ops.one_hot(ops.mod(weekday[:, :1] - lag.astype("int64")[None, :], 7), 7))
        future.append(ops.one_hot(weekday, 7))
    return past, future
