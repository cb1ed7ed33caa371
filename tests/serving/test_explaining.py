"""Contributions: exact, and where they belong; held against a network whose parts are known."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from contracts.models import MODELS
from inventory.base_stock import moments_of_quantiles
from serving import explaining
from serving.directory.loading import LoadedModel, LoadedPair
from serving.examples import RAW_TENSORS, tensors_of
from serving.explaining import GROUPS, explain, promotion_effect


@pytest.fixture
def window(pair: LoadedPair, examples: list[bytes]) -> dict[str, np.ndarray]:
    features = pair.models[MODELS[0]].space.model_inputs()
    return {name: tensor.numpy() for name, tensor in tensors_of(examples[:1], features).items()}


def test_base_and_contributions_add_up_to_the_forecast(pair: LoadedPair, window: dict[str, Any]) -> None:
    model = pair.models[MODELS[0]]
    found = explain(model, window)
    total = found.base + sum(found.contributions.values())
    np.testing.assert_allclose(total, found.forecast, rtol=1e-9)
    outputs = model.ask(RAW_TENSORS, {name: tf.constant(values) for name, values in window.items()})
    mean, _ = moments_of_quantiles(outputs["levels"][0], outputs["quantiles"][0])
    np.testing.assert_allclose(found.forecast, mean, rtol=1e-4)


def test_they_are_the_mean_over_all_orders(pair: LoadedPair, window: dict[str, Any]) -> None:
    """Shapley's definition by brute force: over all 24 orders in which the groups can come in."""
    model = pair.models[MODELS[0]]
    worth = explaining._coalitions(model, window)
    orders = list(permutations(GROUPS))
    mine = explain(model, window).contributions
    for group in GROUPS:
        steps = []
        for order in orders:
            before = frozenset(order[: order.index(group)])
            steps.append(worth[before | {group}] - worth[before])
        np.testing.assert_allclose(mine[group], np.mean(steps, axis=0), rtol=1e-6, atol=1e-9)


def _known(pair: LoadedPair, answer: Any) -> LoadedModel:
    """A model whose median is a known function of the raw features, with a spread that takes nothing from its mean."""
    space = pair.models[MODELS[0]].space

    def ask(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        middle = tf.cast(answer(inputs), tf.float32)[:, None] * tf.ones([1, space.horizon])
        spread = tf.constant([-1.0, 0.0, 1.0])
        levels = tf.constant([[0.25, 0.5, 0.75]]) * tf.ones([len(middle), 1])
        return {"quantiles": middle[:, :, None] + spread, "levels": levels}

    return LoadedModel(space, {RAW_TENSORS: ask}, {}, None)


def test_each_effect_goes_to_its_group(pair: LoadedPair, window: dict[str, Any]) -> None:
    window = dict(window)
    for name in ("history_present", "history_in_stock"):
        window[name] = np.ones_like(window[name])
    window["history_units"] = np.arange(window["history_units"].size, dtype=np.float32)[None]
    window["future_promotion"] = np.ones_like(window["future_promotion"])
    window["future_price"] = np.full_like(window["future_price"], 3.0)

    def answer(inputs: dict[str, Any]) -> Any:
        price = tf.where(tf.math.is_nan(inputs["future_price"][:, 0]), 5.0, inputs["future_price"][:, 0])
        weekday = tf.cast(inputs["origin"][:, 0] % 7, tf.float32)
        return (
            100 + inputs["history_units"][:, -1] - 2 * price + 7 * inputs["future_promotion"][:, 0] + weekday
        )

    found = explain(_known(pair, answer), window)
    last, mean = window["history_units"][0, -1], window["history_units"].mean()
    weekday = window["origin"][0, 0] % 7
    expected = {"history": last - mean, "price": -2 * (3 - 5), "promotion": 7, "calendar": weekday - 3}
    for group, value in expected.items():
        np.testing.assert_allclose(found.contributions[group], value, atol=1e-3, err_msg=group)
    np.testing.assert_allclose(found.base, 100 + mean - 10 + 3, atol=1e-3)


def test_what_a_promotion_adds_is_asked_with_and_without(pair: LoadedPair, window: dict[str, Any]) -> None:
    window = {name: values.copy() for name, values in window.items()}
    window["future_promotion"][:] = 0.0
    window["future_discount"][:] = 1.0
    window["future_price"][:] = 4.0
    assert promotion_effect(_known(pair, lambda inputs: inputs["origin"][:, 0]), window) is None
    window["future_promotion"][0, 0], window["future_discount"][0, 0], window["future_price"][0, 0] = (
        1.0,
        0.8,
        3.2,
    )

    def answer(inputs: dict[str, Any]) -> Any:
        return (
            100
            + 20 * inputs["future_promotion"][:, 0]
            + 50 * (1 - inputs["future_discount"][:, 0])
            - 10 * inputs["future_price"][:, 0]
        )

    effect = promotion_effect(_known(pair, answer), window)
    assert effect is not None
    assert effect.promoted.tolist() == [True] + [False] * (len(effect.promoted) - 1)
    np.testing.assert_allclose(effect.forecast, 100 + 20 + 10 - 32, rtol=1e-6)
    np.testing.assert_allclose(effect.without, 100 - 40, rtol=1e-6)


def test_an_effect_of_two_groups_together_is_shared(pair: LoadedPair, window: dict[str, Any]) -> None:
    window = {**window, "future_promotion": np.ones_like(window["future_promotion"])}
    window["future_price"] = np.full_like(window["future_price"], 3.0)

    def answer(inputs: dict[str, Any]) -> Any:
        cheap = tf.cast(inputs["future_price"][:, 0] < 4.0, tf.float32)
        return 50 + 10 * cheap * inputs["future_promotion"][:, 0]

    found = explain(_known(pair, answer), window)
    for group, value in {"history": 0, "price": 5, "promotion": 5, "calendar": 0}.items():
        np.testing.assert_allclose(found.contributions[group], value, atol=1e-3, err_msg=group)
