"""The network parts that both models share: what a window looks like to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import keras
import numpy as np
from keras import layers, ops

from trainers.options import TrainingOptions
from transforms.calendar import DAYS_OF_YEAR
from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, PLANNABLE, FeatureSpace
from transforms.preprocessing import ENTITIES, known_flag, level_spans, text_columns

Tensors = Mapping[str, keras.KerasTensor]


class Head(Protocol):
    """One more layer over what is known of each coming period: [N, H, units]."""

    def __call__(self, units: int, name: str, activation: str | None = None) -> keras.KerasTensor: ...


ATTENTION_HEADS = 4
ATTENTION_SIZE = 4
FEATURE_LIMIT = 10.0
"""Of the logarithm of an attention feature."""

BASE_FLOOR = 0.02
"""Least demand of a period, in units of the series' scale: what never sold may sell again."""

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
        "history_open": (space.history, "float32"),
        "future_open": (space.horizon, "float32"),
        "year_sine": (space.horizon, "float32"),
        "year_cosine": (space.horizon, "float32"),
    }
    if space.has_weekday:
        sizes["weekday"] = (space.horizon, "int64")
    for name in extra:
        sizes[name] = (1, "float32")
    for entity in ENTITIES:
        sizes[entity] = (1, "int64")
    for name in space.planned():
        sizes[known_flag(name)] = (space.horizon, "float32")
    for prefix, size in ((HISTORY_PREFIX, space.history), (FUTURE_PREFIX, space.horizon)):
        for name in PLANNABLE if prefix == HISTORY_PREFIX else space.planned():
            sizes[prefix + name] = (size, "float32")
        for external in space.externals():
            if prefix in external.prefixes:
                sizes[prefix + external.name] = (size, "float32" if external.dtype == "float" else "int64")
    return {n: keras.Input((size,), dtype=kind, name=n) for n, (size, kind) in sizes.items()}


def of_each_period(layer: layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
    """A dense layer over the last axis of [N, P, C]: [N, P, its units].

    Keras would multiply window by window, and keep a gradient of the whole kernel for each of them.
    """
    flat = layer(ops.reshape(x, (-1, x.shape[2])))
    return ops.reshape(flat, (-1, x.shape[1], flat.shape[1]))


class HideIds(layers.Layer):
    """While training, gives a share of the windows the id of unseen values, so that one is learned."""

    def __init__(self, unseen_id: int, rate: float, seed: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.unseen_id, self.rate = unseen_id, rate
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, ids: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        if not training or self.rate == 0.0:
            return ids
        hidden = keras.random.uniform((ops.shape(ids)[0], 1), seed=self.generator) < self.rate
        return ops.where(hidden, ops.full_like(ids, self.unseen_id), ids)


class HidePlan(layers.Layer):
    """While training, takes what is planned from a share of the windows, from some period on to the last.

    So that one model serves callers with a plan, with one that ends early, and without any. What is hidden is 0, as
    preprocessing writes what is not known.
    """

    def __init__(self, rate: float, seed: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, plan: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        """Args: plan: values and flags, [N, H, C]."""
        if not training or self.rate == 0.0:
            return plan
        horizon = plan.shape[1]
        drawn = keras.random.uniform((ops.shape(plan)[0], 2), seed=self.generator)
        first = ops.where(drawn[:, :1] < self.rate, ops.floor(drawn[:, 1:] * horizon), float(horizon))
        return plan * ops.cast(np.arange(horizon)[None, :] < first, plan.dtype)[:, :, None]


class SimilarPeriods(layers.Layer):
    """Mean of past demand, weighted by how alike each past period is to each future one.

    A kernel regression with a learned kernel: the weight of a past period is the product of positive features of
    its covariates (weekday, promotion, price, externals) and of the future period's, so that sums over the past
    are shared by all future periods (linear attention, Katharopoulos et al. 2020, arXiv:2006.16236). The values
    are not learned but are the demands themselves. One further past period stands for the series' level (demand
    1 in scaled units), so an empty history gives 1. Output [N, H, heads]. Periods count by the share in which
    demand was seen, and fade with age.
    """

    def __init__(self, heads: int, size: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.heads, self.size = heads, size
        self.query = layers.Dense(heads * size)
        self.key = layers.Dense(heads * size)

    def build(self, shapes: Sequence[tuple[int | None, ...]]) -> None:
        future_shape, past_shape, *_ = shapes
        self.query.build((None, future_shape[2]))
        self.key.build((None, past_shape[2]))
        self.recency = self.add_weight((self.heads,), "zeros", name="recency")
        self.level = self.add_weight((self.heads,), "zeros", name="level")
        self.built = True

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        future, past, demand, share = inputs
        history, horizon = past.shape[1], future.shape[1]
        age = np.arange(history - 1, -1, -1, dtype="float32") / 7.0
        fading = ops.repeat(ops.softplus(self.recency), self.size) * age[None, :, None]
        # Bounded, so that exp cannot overflow.
        past_features = ops.exp(ops.minimum(of_each_period(self.key, past) - fading, FEATURE_LIMIT))
        future_features = ops.exp(ops.minimum(of_each_period(self.query, future), FEATURE_LIMIT))
        seen = share + SHARE_FLOOR
        sums = ops.matmul(ops.stack([seen * demand, seen], axis=1), past_features)

        def by_head(x: keras.KerasTensor) -> keras.KerasTensor:
            return ops.sum(ops.reshape(x, (-1, horizon, self.heads, self.size)), axis=3)

        level = ops.exp(self.level)
        total = by_head(future_features * sums[:, :1]) + level
        return total / (by_head(future_features * sums[:, 1:]) + level)


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
    past = [inputs[HISTORY_PREFIX + name][:, :, None] for name in PLANNABLE]
    future: list[keras.KerasTensor] = []
    if plan := [name for known in space.planned() for name in (FUTURE_PREFIX + known, known_flag(known))]:
        hide = HidePlan(options.unplanned_rate, options.seed + 200, name="hide_plan")
        future.append(hide(ops.stack([inputs[name] for name in plan], axis=2)))
    for external in space.externals():
        for prefix in external.prefixes:
            name = prefix + external.name
            text = external.dtype == "string"
            (past if prefix == HISTORY_PREFIX else future).append(
                embedded(name, external.name) if text else inputs[name][:, :, None]
            )
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
    of_steps = of_each_period(
        layers.Dense(options.units, name="decoder_steps"), ops.concatenate(steps, axis=2)
    )
    # One mask for all periods of a window: as good, and fewer random numbers.
    drop = layers.Dropout(options.dropout, noise_shape=(None, 1, options.units), seed=options.seed + 100)
    return drop(ops.relu(of_window + of_steps))


def heads(
    inputs: Tensors, space: FeatureSpace, embedding_rows: int, options: TrainingOptions
) -> tuple[keras.KerasTensor, Head]:
    """Levels of similar periods [N, H, K], and what makes each output of a model of the coming periods."""
    context, future, similar = encode(inputs, space, embedding_rows, options)
    steps = np.arange(space.horizon, dtype="float32")[None, :, None] / 7.0
    ahead = ops.ones_like(future[:, :, :1]) * steps
    hidden = decode(context, [future, ops.log(similar + BASE_FLOOR), ahead], options)
    hidden = hidden + of_each_period(layers.Dense(options.units, activation="relu", name="decoder_2"), hidden)

    def head(units: int, name: str, activation: str | None = None) -> keras.KerasTensor:
        dense = layers.Dense(units, activation=activation, kernel_initializer="zeros", name=name)
        return of_each_period(dense, hidden)

    return similar, head


def _calendar(
    inputs: Tensors, space: FeatureSpace
) -> tuple[list[keras.KerasTensor], list[keras.KerasTensor]]:
    """Weekday (daily data), the year's phase and whether the store is open, of the past and of the future periods."""
    lag = np.arange(space.history, 0, -1)
    # The past's position in the year is the first future period's, turned back.
    angle = (lag * (2.0 * math.pi * space.period_days / DAYS_OF_YEAR)).astype("float32")[None, :]
    sine, cosine = inputs["year_sine"], inputs["year_cosine"]
    past_sine = sine[:, :1] * np.cos(angle) - cosine[:, :1] * np.sin(angle)
    past_cosine = cosine[:, :1] * np.cos(angle) + sine[:, :1] * np.sin(angle)
    past = [x[:, :, None] for x in (past_sine, past_cosine, inputs["history_open"])]
    future = [x[:, :, None] for x in (sine, cosine, inputs["future_open"])]
    if space.has_weekday:
        weekday = inputs["weekday"]
        past.append(ops.one_hot(ops.mod(weekday[:, :1] - lag.astype("int64")[None, :], 7), 7))
        future.append(ops.one_hot(weekday, 7))
    return past, future


def demand_rate(
    mix: keras.KerasTensor, similar: keras.KerasTensor, change: keras.KerasTensor
) -> keras.KerasTensor:
    """Demand of each coming period [N, H, 1], in units of the scale.

    Args:
        mix: weights of the levels, [N, H, K].
        similar: levels of similar periods, [N, H, K], from ``encode``.
        change: logarithm of what this period differs by, [N, H, 1].
    """
    level = ops.sum(mix * similar, axis=2, keepdims=True) + BASE_FLOOR
    return level * ops.exp(ops.clip(change, -4.0, 4.0))
