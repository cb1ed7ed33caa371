"""Chains of windows lived through in TensorFlow, against the simulation in NumPy and against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.policies import OrderUpTo
from inventory.simulation import Supply, simulate
from trainers.replenishment_optimization.rollout import Chains, State, costs, known_until, random_starts
from trainers.transform_graph import RAW

H = 8
DAYS = 7


def windows_of(series: list[tuple[str, list[int]]], review: int, demand: Any = None) -> dict[str, Any]:
    """Of series and their origins, one after the other; demand of a period is its series' at that date."""
    keys = [(name, origin) for name, origins in series for origin in origins]
    count = len(keys)
    labels = np.zeros((count, H), np.float32)
    if demand is not None:
        labels = np.stack([demand[name][origin : origin + H] for name, origin in keys]).astype(np.float32)
    return {
        RAW + "store_id": tf.constant([["s"]] * count),
        RAW + "product_id": tf.constant([[name] for name, _ in keys]),
        RAW + "origin": tf.constant([[DAYS * origin] for _, origin in keys], tf.int64),
        "review": tf.fill([count, 1], float(review)),
        "label_demand": tf.constant(labels),
        "label_demand_known": tf.ones([count, H]),
    }


def test_windows_of_a_series_a_review_apart_form_chains() -> None:
    windows = windows_of([("a", [0, 2, 4, 6, 8]), ("b", [8, 11, 13])], review=2)
    chains = Chains.of(windows, DAYS, 3)
    assert chains.position.numpy().tolist() == [0, 1, 2, 0, 1, 0, 0, 1]
    assert chains.first.numpy().tolist() == [0, 0, 0, 3, 3, 5, 6, 6]
    assert chains.last.numpy().tolist() == [False, False, True, False, True, True, False, True]


def test_a_chain_ends_where_demand_until_the_next_review_is_not_known() -> None:
    windows = windows_of([("a", [0, 2, 4])], review=2)
    known = np.ones((3, H), np.float32)
    known[0, 2], known[1, 1] = 0, 0
    chains = Chains.of(windows | {"label_demand_known": tf.constant(known)}, DAYS, 8)
    assert chains.position.numpy().tolist() == [0, 1, 0]
    assert known_until(tf.constant(known), tf.constant([[2.0], [1.0], [9.0]])).numpy().tolist() == [1, 1, 0]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    review=st.integers(1, 3),
    lead=st.integers(0, 5),
    windows=st.integers(1, 5),
    pack=st.sampled_from([1e-3, 1.0, 6.0]),
)
def test_a_chain_costs_what_the_simulation_of_its_orders_does(
    seed: int, review: int, lead: int, windows: int, pack: float
) -> None:
    rng = np.random.default_rng(seed)
    demand = {name: rng.poisson(3, 40).astype(np.float64) for name in "ab"}
    parsed = windows_of([(name, list(range(0, review * windows, review))) for name in "ab"], review, demand)
    count = 2 * windows
    level, most = rng.uniform(0, 30, count), rng.uniform(0, 12, count)
    start = rng.uniform(0, 9, count)
    arriving = np.where(np.arange(H) < lead, rng.uniform(0, 4, (count, H)), 0.0)
    labels = parsed | {
        "lead": tf.fill([count, 1], float(lead)),
        "holding_cost": tf.fill([count, 1], 0.3),
        "shortage_cost": tf.fill([count, 1], 2.0),
        "pack_size": tf.fill([count, 1], pack),
    }
    found = costs(
        tf.constant(level, tf.float32),
        tf.constant(most, tf.float32),
        labels,
        Chains.of(labels, DAYS, windows),
        State(tf.constant(start, tf.float32), tf.constant(arriving, tf.float32)),
    ).numpy()

    first = np.array([0, windows])
    periods = (windows - 1) * review + lead + review
    run = simulate(
        np.stack([demand[name][:periods] for name in "ab"]),
        # There is no review beyond those of the windows.
        OrderUpTo(
            *(
                np.pad(values.reshape(2, windows), [(0, 0), (0, lead + 1)])
                for values in (np.maximum(level, 0), most)
            )
        ),
        Supply(lead, pack_size=pack),
        review,
        initial_on_hand=start[first],
        initial_on_order=arriving[first],
        first_review=-1,
    )
    expected = (0.3 * run.on_hand + 2.0 * run.unserved)[:, lead:].sum(axis=1)
    np.testing.assert_allclose(found.reshape(2, windows).sum(axis=1), expected, rtol=1e-3, atol=1e-3)


def test_gradients_reach_back_through_what_earlier_orders_left() -> None:
    demand = {"a": np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7] * 2, np.float64)}
    parsed = windows_of([("a", [0, 2, 4])], 2, demand) | {
        "lead": tf.fill([3, 1], 1.0),
        "holding_cost": tf.fill([3, 1], 0.3),
        "shortage_cost": tf.fill([3, 1], 2.0),
        "pack_size": tf.fill([3, 1], 1e-5),
    }
    chains = Chains.of(parsed, DAYS, 3)
    starts = State(tf.fill([3], 2.0), tf.zeros([3, H]))

    def total(orders: Any) -> tf.Tensor:
        level, most = tf.unstack(tf.convert_to_tensor(orders))
        return tf.reduce_sum(costs(level, most, parsed, chains, starts))

    at = np.array([[12.3, 15.7, 11.9], [30.0, 1.7, 30.0]], np.float32)
    orders = tf.Variable(at)
    with tf.GradientTape() as tape:
        value = total(orders)
    gradient = tape.gradient(value, orders).numpy()
    step = 0.01
    for index in np.ndindex(2, 3):
        moved = at.copy()
        moved[index] += step
        assert gradient[index] == pytest.approx(float(total(moved) - value) / step, abs=2e-2), index
    # The first order's excess is still there in the cycle of the last.
    assert gradient[0, 0] != 0 and gradient[1, 1] != 0 and gradient[0, 1] == 0


def test_starts_are_of_every_kind_and_orders_on_their_way_are_of_reviews() -> None:
    count = 400
    parsed = {
        "scale": tf.fill([count, 1], 2.0),
        "review": tf.fill([count, 1], 2.0),
        "protection": tf.fill([count, 1], 7.0),
        "label_demand": tf.zeros([count, H]),
    }
    on_hand, arriving = random_starts(parsed, tf.fill([count, 1], 5.0), 3)
    stock, due = on_hand.numpy(), arriving.numpy()
    assert 0.1 < (stock == 0).mean() < 0.4 and 0.02 < (stock > 2 * 7 * 1.5).mean() < 0.2
    assert (due[:, [1, 3]].sum(axis=1) > 0).mean() > 0.5 and (due.sum(axis=1) == 0).mean() > 0.1
    assert (due[:, [0, 2, 4, 5, 6, 7]] == 0).all()
