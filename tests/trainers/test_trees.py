from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
import tensorflow as tf

from tests.transforms.made_up import SPACE, Windows
from trainers.demand_forecasting.trees import growing
from trainers.demand_forecasting.trees.blending import Blend, choose, mean_and_shape
from trainers.demand_forecasting.trees.forest import Forest
from trainers.demand_forecasting.trees.growing import Rows, grow
from trainers.demand_forecasting.trees.table import NEIGHBOURS, UNKNOWN, names, needed, rows
from trainers.options import DemandOptions
from transforms.preprocessing import ENTITIES

LEVELS = (0.1, 0.5, 0.9)


def _data(count: int = 3000, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype(np.float32)
    # A column of ids, some of them seldom, and one of few values, so that thresholds lie on what is seen.
    x[:, 1], x[:, 2] = rng.integers(0, 9, count), rng.integers(0, 4, count) / 4
    x[rng.random(count) < 0.1, 3] = UNKNOWN
    mean = np.exp(0.5 * x[:, 0]) * (1 + (x[:, 1] == 3)) * (1 + x[:, 2])
    return Rows(x, rng.poisson(mean).astype(float), rng.uniform(0.5, 2.0, count))


@pytest.mark.parametrize(("trees", "leaves"), [(1, 2), (7, 31), (40, 8)])
def test_the_forest_says_what_lightgbm_says(trees: int, leaves: int) -> None:
    data = _data()
    settings = {
        "objective": "tweedie", "num_leaves": leaves, "max_cat_to_onehot": 1000, "use_missing": False,
        "min_data_in_leaf": 20, "verbose": -1, "num_threads": 1,
    }  # fmt: skip
    grown = lightgbm.train(settings, lightgbm.Dataset(data.x, data.y, categorical_feature=[1]), trees)
    forest = Forest.of([tree["tree_structure"] for tree in grown.dump_model()["tree_info"]])
    other = _data(seed=1).x
    # An id that was never seen, and numbers beside a threshold.
    other[:50, 1] = 77
    other[50:60, 0] = np.nextafter(other[50:60, 0], np.float32(np.inf))
    np.testing.assert_allclose(
        np.exp(forest(tf.constant(other)).numpy()), np.asarray(grown.predict(other)), rtol=1e-5
    )


def test_where_nothing_can_be_learned_a_tree_is_one_leaf() -> None:
    data = Rows(np.zeros((50, 2), np.float32), np.full(50, 3.0), np.ones(50))
    forest = grow(data, ["a", "b"], [], DemandOptions(trees=5))
    assert np.exp(forest(tf.zeros((4, 2))).numpy()) == pytest.approx(3.0, rel=1e-3)


@pytest.mark.parametrize("count", [0, 50])
def test_where_nothing_was_ever_sold_nothing_is_forecast(count: int) -> None:
    data = Rows(np.zeros((count, 2), np.float32), np.zeros(count), np.ones(count))
    forest = grow(data, ["a", "b"], [], DemandOptions(trees=5))
    assert np.exp(forest(tf.zeros((4, 2))).numpy()).max() < 1e-6


def test_trees_learn_what_the_mean_depends_on() -> None:
    forest = grow(_data(20_000), ["a", "b", "c", "d"], [1], DemandOptions(trees=60))
    x = np.zeros((2, 4), np.float32)
    x[1, 1] = 3
    plain, twice = np.exp(forest(tf.constant(x)).numpy())
    assert plain == pytest.approx(1.0, rel=0.15) and twice == pytest.approx(2.0, rel=0.15)


def test_trees_end_where_rows_they_have_not_learned_from_are_forecast_best() -> None:
    columns, options = ["a", "b", "c", "d"], DemandOptions(trees=200, tree_learning_rate=0.3)
    learned, judged = _data(1500), _data(4000, seed=1)
    ended = grow(learned, columns, [1], options, judged)
    assert growing.FEWEST_TREES <= ended.trees < 200

    def loss(forest: Forest) -> float:
        mean = np.exp(forest(tf.constant(judged.x)).numpy())
        return float(np.average(mean - judged.y * np.log(mean), weights=judged.weight))

    assert loss(ended) < loss(grow(learned, columns, [1], options))
    # Where the judged rows go on getting better, as those do that were learned from, none are spared.
    assert grow(learned, columns, [1], options, learned).trees == 200


@pytest.mark.parametrize("count", [0, 300])
def test_of_rows_that_say_nothing_no_end_is_learned(count: int) -> None:
    nothing = Rows(np.zeros((count, 4), np.float32), np.zeros(count), np.zeros(count))
    forest = grow(_data(), ["a", "b", "c", "d"], [1], DemandOptions(trees=60), nothing)
    assert growing.FEWEST_TREES <= forest.trees <= 60


def test_the_same_seed_grows_the_same_trees() -> None:
    first, second = (grow(_data(), ["a", "b", "c", "d"], [1], DemandOptions(trees=5)) for _ in range(2))
    np.testing.assert_array_equal(first.value, second.value)


def test_of_many_rows_some_are_kept_and_masked_ones_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MOST_ROWS", 500)
    rng = np.random.default_rng(0)

    def batches() -> list[tuple[Any, Any, Any, Any]]:
        found = []
        for number in range(20):
            mask = (rng.random((30, 4)) < 0.7).astype(float)
            label = np.where(mask > 0, float(number), np.nan)
            found.append((rng.normal(size=(30, 4, 3)).astype(np.float32), label, mask, np.full((30, 1), 2.0)))
        return found

    kept = Rows.of(batches(), seed=0)
    assert kept.x.shape == (500, 3) and np.isfinite(kept.y).all()
    # From the first batches to the last; in units of the scale.
    assert kept.y.min() == 0 and kept.y.max() == 19 / 2
    assert kept.y.mean() == pytest.approx(19 / 4, rel=0.15)
    assert len((kept + kept).y) == 1000


def test_rows_hold_what_is_known_of_a_window(transformed: Windows) -> None:
    features = transformed
    table = rows({name: tf.constant(features[name]) for name in needed(SPACE)}, SPACE).numpy()
    columns, categories = names(SPACE)
    assert table.shape == (80, SPACE.horizon, len(columns)) and np.isfinite(table).all()
    column = {name: table[:, :, i] for i, name in enumerate(columns)}
    assert len(column) == len(columns)
    np.testing.assert_array_equal(column["step"], np.tile(np.arange(1, SPACE.horizon + 1), (80, 1)))
    np.testing.assert_array_equal(column["weekday"], features["weekday"])
    demand, share = features["history_demand"], features["history_share"]
    seen = np.where(share > 0, demand, np.float32(UNKNOWN))
    for step in range(SPACE.horizon):
        # The same weekday two weeks before the newest one known: lags that are whole weeks.
        lag = 7 * 2 - step % 7
        np.testing.assert_allclose(column["weekday_2"][:, step], seen[:, SPACE.history - lag], atol=1 / 1000)
    np.testing.assert_allclose(column["demand_1"][:, 3], seen[:, -1], atol=1 / 1000)
    texts = {external.name for external in SPACE.texts()}
    assert {columns[i] for i in categories} - set(ENTITIES) == {
        f"{text}_{shift}" for text in texts for shift in range(-NEIGHBOURS, NEIGHBOURS + 1)
    }
    for entity in ENTITIES:
        np.testing.assert_array_equal(column[entity][:, 0], features[entity][:, 0])


def test_the_last_digit_of_a_number_makes_no_other_row(transformed: Windows) -> None:
    features = {name: tf.constant(transformed[name]) for name in needed(SPACE)}
    features["recent_levels"] = tf.ones_like(features["recent_levels"])
    nearly = {**features, "recent_levels": features["recent_levels"] * np.float32(1 - 6e-8)}
    assert (nearly["recent_levels"].numpy() < 1).all()
    np.testing.assert_array_equal(rows(features, SPACE), rows(nearly, SPACE))


def test_rows_know_the_days_around_an_event(transformed: Windows) -> None:
    features = transformed
    table = rows({name: tf.constant(features[name]) for name in needed(SPACE)}, SPACE).numpy()
    columns, _ = names(SPACE)
    event = SPACE.texts()[0].name
    line = np.concatenate([features[f"history_{event}"], features[f"future_{event}"]], axis=1)
    for shift in range(-NEIGHBOURS, NEIGHBOURS + 1):
        found = table[:, :, columns.index(f"{event}_{shift}")]
        for step in range(SPACE.horizon):
            at = SPACE.history + step + shift
            assert (found[:, step] == (line[:, at] if at < line.shape[1] else UNKNOWN)).all()


def test_a_blend_has_the_mean_of_both_and_the_networks_shape() -> None:
    network = np.array([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]], np.float32)
    trees = np.array([[4.0, 0.0]], np.float32)
    found = (
        Blend(0.5, 1.0).quantiles(*mean_and_shape(tf.constant(network), LEVELS), tf.constant(trees)).numpy()
    )
    np.testing.assert_allclose(found[0], [[1.5, 3.0, 4.5], [0.0, 0.0, 0.0]], atol=1e-5)
    closed = (
        Blend(0.0, 0.4).quantiles(*mean_and_shape(tf.constant(network), LEVELS), tf.constant(trees)).numpy()
    )
    assert (closed[0, 1] == 0).all()
    wide = (
        Blend(1.0, 3.0)
        .quantiles(*mean_and_shape(tf.constant(network), LEVELS), tf.constant(trees))
        .numpy()[0, 0]
    )
    assert wide.tolist() == pytest.approx([0.0, 4.0, 10.0], abs=1e-4)


@pytest.mark.parametrize("good", ["network", "trees"])
def test_the_better_of_both_is_chosen(good: str) -> None:
    rng = np.random.default_rng(0)
    mean = rng.uniform(5, 50, (400, 3))
    label = rng.poisson(mean).astype(np.float32)
    off = mean * rng.uniform(0.3, 1.7, mean.shape)
    network, trees = (mean, off) if good == "network" else (off, mean)
    shape = 1 + np.array([-1.28, 0.0, 1.28]) / np.sqrt(network[:, :, None])
    batch = tuple(
        a.astype(np.float32) for a in (network[:, :, None] * shape, trees, label, np.ones_like(mean))
    )
    blend = choose([batch], LEVELS)
    assert blend.share == pytest.approx(1.0 if good == "trees" else 0.0, abs=0.2)
    assert 0.7 <= blend.spread <= 1.5
