"""Contributions: exact, and where they belong; held against a network whose parts are known."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import tensorflow as tf

from contracts.models import MODELS
from inventory.base_stock import moments_of_quantiles
from serving import explaining
from serving.directory.loading import LoadedPair
from serving.examples import RAW_TENSORS
from serving.explaining import GROUPS, explain
from tests.serving.known import known_model


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

    found = explain(known_model(pair, answer), window)
    last, mean = window["history_units"][0, -1], window["history_units"].mean()
    weekday = window["origin"][0, 0] % 7
    expected = {"history": last - mean, "price": -2 * (3 - 5), "promotion": 7, "calendar": weekday - 3}
    for group, value in expected.items():
        np.testing.assert_allclose(found.contributions[group], value, atol=1e-3, err_msg=group)
    np.testing.assert_allclose(found.base, 100 + mean - 10 + 3, atol=1e-3)


def test_an_effect_of_two_groups_together_is_shared(pair: LoadedPair, window: dict[str, Any]) -> None:
    window = {**window, "future_promotion": np.ones_like(window["future_promotion"])}
    window["future_price"] = np.full_like(window["future_price"], 3.0)

    def answer(inputs: dict[str, Any]) -> Any:
        cheap = tf.cast(inputs["future_price"][:, 0] < 4.0, tf.float32)
        return 50 + 10 * cheap * inputs["future_promotion"][:, 0]

    found = explain(known_model(pair, answer), window)
    for group, value in {"history": 0, "price": 5, "promotion": 5, "calendar": 0}.items():
        np.testing.assert_allclose(found.contributions[group], value, atol=1e-3, err_msg=group)
