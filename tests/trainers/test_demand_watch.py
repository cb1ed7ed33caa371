"""The demand watch: its likelihood against SciPy's, its calibration, its export and its metrics."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from scipy import stats

from contracts.arrays import Arrays
from inventory.detection.calibration import KNOTS, Calibration, mapped
from inventory.detection.distribution import Demand
from trainers.demand_watch.calibrating import calibrate
from trainers.demand_watch.metrics import watch_metrics, watch_sums
from trainers.demand_watch.model import DemandLikelihood
from trainers.demand_watch.outputs import CALIBRATION
from trainers.demand_watch.tfma_metrics import WatchAlarms
from trainers.transform_graph import RAW
from transforms.preprocessing import ENTITIES

N, H = 300, 14
RIGHT = Calibration(np.log(KNOTS), np.log(KNOTS), 0.0, (0.0,) * 3, (0.0,) * 3)


def test_the_likelihood_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    units = np.concatenate([np.zeros(100), rng.integers(1, 60, 200)])[None, :]
    mean, size, zero = (
        rng.uniform(low, high, units.shape) for low, high in ((0.1, 40.0), (0.2, 20.0), (0.0, 0.5))
    )
    parameters = tf.constant(np.stack([mean, size, zero], axis=2), tf.float32)
    found = DemandLikelihood().call(tf.constant(units, tf.float32), parameters)
    counted = stats.nbinom(size, size / (size + mean)).logpmf(units)
    expected = np.where(units > 0, np.log1p(-zero) + counted, np.log(zero + (1 - zero) * np.exp(counted)))
    np.testing.assert_allclose(found, -expected, rtol=3e-3, atol=3e-3)


def test_the_right_model_is_calibrated_as_it_is() -> None:
    rng = np.random.default_rng(1)
    mean, size = rng.uniform(1, 20, (4000, 7)), np.full((4000, 7), 3.0)
    units = rng.poisson(rng.gamma(size, mean / size))
    known = (rng.random(units.shape) < 0.9).astype(np.float32)
    windows = {
        "label_units": units * known,
        "label_observed": known,
        "label_known": known,
        f"{RAW}origin": np.full((4000, 1), 700),
        **{name: rng.integers(0, 20, (4000, 1)) for name in ENTITIES},
    }
    found = calibrate(windows, np.stack([mean, size, np.zeros_like(mean)], axis=2), 1.0, 7, seed=2)
    tails = np.array([0.5, 0.05, 0.005])
    for worth in (found.lower, found.upper):
        np.testing.assert_allclose(mapped(tails, worth), tails, rtol=0.1)
    assert max(found.series, *found.across, *found.group) < 0.05


def _windows(seed: int) -> tuple[Arrays, Arrays]:
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.normal(1.5, 0.7, (N, 1))) * np.ones((1, H))
    demand = Demand(mean, np.full((N, H), 4.0), np.full((N, H), 0.02))
    units = rng.poisson(rng.gamma(demand.size, mean / demand.size)) * (rng.random((N, H)) >= 0.02)
    known = (rng.random((N, H)) < 0.95).astype(np.float32)
    windows = {"label_units": units * known, "label_observed": known, "label_known": known}
    outputs = {"mean": demand.mean, "size": demand.size, "zero": demand.zero}
    return windows, outputs | {CALIBRATION: np.repeat(RIGHT.to_array()[None, :], N, axis=0)}


def test_a_right_model_alarms_seldom_and_finds_what_is_planted() -> None:
    sums = sum(watch_sums(*_windows(seed)) for seed in range(8))
    metrics = watch_metrics(np.asarray(sums))
    assert metrics["false_alarms"] <= 1.5 and metrics["false_shifts"] <= 3 and metrics["false_silences"] <= 2
    assert min(metrics[f"power_{name}"] for name in ("spike", "shift_up", "silence")) > 0.8
    # Of a slow seller seven periods at three tenths are little to go by.
    assert 0.02 < metrics["power_shift_down"] < 0.5


def test_a_model_that_knows_nothing_of_tails_alarms_often() -> None:
    windows, outputs = _windows(3)
    outputs["size"] = np.full((N, H), 900.0)
    assert watch_metrics(watch_sums(windows, outputs))["false_alarms"] > 20


def test_tfma_finds_what_numpy_finds() -> None:
    windows, outputs = _windows(4)
    (computation,) = WatchAlarms().computations()
    combiner = computation.combiner
    halves = [combiner.create_accumulator(), combiner.create_accumulator()]
    for i in range(60):
        features = {name: values[i] for name, values in windows.items()}
        predictions = {name: values[i] for name, values in outputs.items()}
        element = tfma.metrics.StandardMetricInputs({"features": features, "predictions": predictions})
        halves[i % 2] = combiner.add_input(halves[i % 2], element)
    found = {key.name: value for key, value in combiner.extract_output(sum(halves)).items()}
    first = {name: values[:60] for name, values in windows.items()}, {n: v[:60] for n, v in outputs.items()}
    assert found == pytest.approx(watch_metrics(watch_sums(*first)), nan_ok=True)
