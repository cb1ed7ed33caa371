"""The losses against brute force, and their masks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from contracts.arrays import Floats
from tests.transforms import made_up
from trainers.demand_forecasting import model as demand_model
from trainers.demand_forecasting import train as demand
from trainers.fitting import make_reproducible
from trainers.options import DemandOptions, ReplenishmentOptions
from trainers.replenishment_optimization import model as replenishment_model
from trainers.replenishment_optimization import train as replenishment
from trainers.transform_graph import KEYS, RAW, embedding_rows


def with_keys(raw: made_up.Windows, transformed: made_up.Windows) -> made_up.Windows:
    """As trainers see windows: transformed, and whose they are."""
    return transformed | {RAW + name: raw[name] for name in KEYS}


def test_pinball_by_hand() -> None:
    loss = demand_model.PinballLoss((0.1, 0.5)).call(tf.constant([[10.0]]), tf.constant([[[4.0, 12.0]]]))
    # 0.1 x 6 short, 0.5 x 2 over, the mean of the two.
    np.testing.assert_allclose(loss, [[(0.6 + 1.0) / 2]], rtol=1e-6)


@pytest.mark.parametrize("which", ["demand", "demand, recovered", "replenishment"])
def test_what_was_not_observed_moves_neither_loss_nor_gradient(
    which: str, transform: tft.TFTransformOutput, raw: made_up.Windows, transformed: made_up.Windows
) -> None:
    make_reproducible(1)
    transformed = with_keys(raw, transformed)
    parts: Callable[..., tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]]
    space = made_up.SPACE
    if which.startswith("demand"):
        recovered = which != "demand"
        loss = demand_model.PinballLoss((0.5,))
        parts = functools.partial(demand.training_parts, recovered=recovered)
        hidden = ("label_demand", "label_demand_known") if recovered else ("label_units", "label_observed")
        model = demand_model.build_model(
            space, embedding_rows(transform, space), DemandOptions(quantiles=(0.5,))
        )
    else:
        loss = replenishment_model.OrderCost()
        parts = functools.partial(replenishment.training_parts, period_days=1, reviews=4, seed=3)
        # All windows of a pipeline have the same review period.
        review = np.full_like(transformed["review"], 2)
        transformed = transformed | {"review": review, "protection": np.minimum(transformed["protection"], 6)}
        hidden = ("label_demand", "label_demand_known")
        model = replenishment_model.build_model(
            space, embedding_rows(transform, space), ReplenishmentOptions()
        )
    label, mask = hidden
    changed = dict(transformed)
    changed[label] = np.where(transformed[mask] > 0, transformed[label], 1e4).astype(np.float32)
    assert (changed[label] != transformed[label]).any()
    select = functools.partial(parts, names=tuple(model.input), volume_power=0.5)
    results = []
    for windows in (transformed, changed):
        inputs, labels, weights = select({k: tf.constant(v) for k, v in windows.items()})
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(loss.call(labels, model(inputs, training=False)) * weights)
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(value, model.trainable_variables)]
        results.append([value, *gradients])
    assert all(np.isfinite(part).all() for part in results[0])
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_closed_day_teaches_nothing_of_an_open_one(transformed: made_up.Windows) -> None:
    closed = np.arange(made_up.SPACE.horizon) == 3
    parsed = {
        **transformed,
        "label_known": np.where(closed, 0, transformed["label_known"]),
        "label_demand_known": np.where(closed, 1, transformed["label_demand_known"]),
    }
    for recovered in (False, True):
        _, _, weights = demand.training_parts(
            {k: tf.constant(v) for k, v in parsed.items()}, (), 0.5, recovered
        )
        assert (weights.numpy()[:, closed] == 0).all() and (weights.numpy()[:, ~closed] > 0).any()


@pytest.mark.parametrize("room", [demand_model, replenishment_model])
def test_of_a_closed_store_nothing_is_forecast_or_needed_and_it_learns_all_the_same(
    room: Any, transform: tft.TFTransformOutput, transformed: made_up.Windows
) -> None:
    make_reproducible(1)
    options = DemandOptions() if room is demand_model else ReplenishmentOptions()
    model = room.build_model(made_up.SPACE, embedding_rows(transform, made_up.SPACE), options)
    inputs = {name: tf.constant(transformed[name]) for name in model.input}
    always, never = (tf.fill(inputs["future_open"].shape, value) for value in (1.0, 0.0))
    with tf.GradientTape() as tape:
        nothing = model(inputs | {"future_open": never}, training=False)
        value = tf.reduce_sum(nothing)
    assert (nothing.numpy() == 0).all()
    assert all(
        np.isfinite(tf.convert_to_tensor(g)).all() for g in tape.gradient(value, model.trainable_variables)
    )
    some, every = (
        model(inputs, training=False).numpy(),
        model(inputs | {"future_open": always}, training=False).numpy(),
    )
    if room is demand_model:
        assert ((some == 0).all(axis=2) == (transformed["future_open"] == 0)).all()
        assert (every > 0).all()
    else:
        within = np.arange(made_up.SPACE.horizon) < transformed["protection"]
        open_periods = (transformed["future_open"] * within).sum(axis=1)
        assert ((some[:, 0] == 0) == (open_periods == 0)).all()
        assert ((some[:, 1] == 0) == (open_periods == 0)).all()
        closed = open_periods < within.sum(axis=1)
        assert (some[closed, 0] < every[closed, 0]).all() and (some[closed, 1] <= every[closed, 1]).all()


def test_options_refuse_what_makes_no_sense() -> None:
    for quantiles in ((0.9, 0.5), (0.1, 0.9), (0.5, 1.0), (0.5, 0.5)):
        with pytest.raises(ValueError):
            DemandOptions(quantiles=quantiles)
    with pytest.raises(ValueError):
        DemandOptions.model_validate({"epoch": 3})


def test_other_lead_times_are_judged_by_the_demand_of_their_own_periods(
    raw: made_up.Windows, transformed: made_up.Windows
) -> None:
    parsed = {k: tf.constant(v) for k, v in with_keys(raw, transformed).items()}

    def asked(share: float) -> tuple[Floats, Floats]:
        inputs, labels, weights = replenishment.training_parts(
            parsed,
            names=("protection",),
            period_days=1,
            reviews=4,
            volume_power=0.5,
            seed=3,
            other_intervals=share,
        )
        lead, review = labels.parsed["lead"].numpy()[:, 0], labels.parsed["review"].numpy()[:, 0]
        np.testing.assert_array_equal(inputs["protection"].numpy()[:, 0], lead + review)
        return lead, weights.numpy()

    (own, _), (other, weights) = asked(0.0), asked(1.0)
    review = transformed["review"][:, 0]
    np.testing.assert_array_equal(own + review, transformed["protection"][:, 0])
    assert (own != other).any() and (other >= 0).all() and (other + review <= made_up.SPACE.horizon).all()
    for row, periods in enumerate((other + review).astype(int)):
        assert (weights[row] > 0) == (transformed["label_demand_known"][row, :periods] > 0).all()
