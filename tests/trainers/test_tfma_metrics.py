"""TFMA's metrics against NumPy's, with one model and with a candidate beside a baseline."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from numpy.typing import NDArray

from contracts.arrays import Arrays
from trainers.demand_forecasting.metrics import EXACT, accuracy, accuracy_sums, skill
from trainers.demand_forecasting.tfma_metrics import DemandAccuracy
from trainers.replenishment_optimization.metrics import cost_sums, costs
from trainers.replenishment_optimization.tfma_metrics import ReplenishmentCost

LEVELS = [0.1, 0.5, 0.9]
N, H = 40, 5


@pytest.fixture
def windows() -> Arrays:
    rng = np.random.default_rng(0)
    mask = (rng.random((N, H)) < 0.9).astype(np.float32)
    return {
        "label_units": rng.poisson(5, (N, H)).astype(np.float32) * mask,
        "label_known": mask,
        "label_observed": mask * (rng.random((N, H)) < 0.7),
        "seasonal_naive": rng.poisson(5, (N, H)).astype(np.float32),
        "recent_mean": np.full((N, H), 5, np.float32),
        "protection_demand": rng.poisson(20, (N, 1)).astype(np.float32),
        "protection_observed": (rng.random((N, 1)) < 0.8).astype(np.float32),
        "holding_cost": np.full((N, 1), 1, np.float32),
        "shortage_cost": rng.uniform(2, 9, (N, 1)).astype(np.float32),
        "base_stock_level": np.full((N, 1), 25, np.float32),
    }


def combine(
    computations: Iterable[tfma.metrics.MetricComputation],
    windows: Mapping[str, NDArray[Any]],
    predictions: Callable[[int], object],
) -> dict[tuple[str, str], float]:
    """What Beam does: one example after the other into two accumulators, merged."""
    metrics = {}
    for computation in computations:
        combiner = computation.combiner
        halves = [combiner.create_accumulator(), combiner.create_accumulator()]
        for i in range(N):
            inputs = tfma.metrics.StandardMetricInputs(
                {"features": {name: v[i] for name, v in windows.items()}, "predictions": predictions(i)}
            )
            halves[i % 2] = combiner.add_input(halves[i % 2], inputs)
        metrics.update(combiner.extract_output(combiner.merge_accumulators(halves)))
    return {(key.model_name, key.name): value for key, value in metrics.items()}


def test_demand_figures_of_one_model(windows: Arrays) -> None:
    quantiles = np.sort(np.random.default_rng(1).gamma(5, 1, (N, H, 3)), axis=2)
    expected = accuracy(accuracy_sums(windows, quantiles, LEVELS), LEVELS)

    found = combine(
        DemandAccuracy(levels=LEVELS).computations(), windows, lambda i: {"quantiles": quantiles[i]}
    )

    assert found == pytest.approx({("", name): value for name, value in expected.items()})


def test_a_candidate_and_a_baseline_are_kept_apart(windows: Arrays) -> None:
    levels = {"candidate": np.full((N, 1), 22.0), "baseline": np.full((N, 1), 30.0)}
    computations = ReplenishmentCost().computations(model_names=["candidate", "baseline"])

    # The replenishment model has one output alone, so that TFMA takes its name off.
    found = combine(computations, windows, lambda i: {name: level[i] for name, level in levels.items()})

    for name, level in levels.items():
        for metric, value in costs(cost_sums(windows, level)).items():
            assert found[name, metric] == pytest.approx(value), (name, metric)


def test_metrics_equal_their_textbook_definitions(windows: Arrays) -> None:
    """Each metric once more, written out over the judged periods alone."""
    quantiles = np.sort(np.random.default_rng(2).gamma(5, 1, (N, H, 3)), axis=2)
    found = accuracy(accuracy_sums(windows, quantiles, LEVELS), LEVELS)
    judged, mask = windows["label_observed"] > 0, windows["label_known"] > 0
    actual, forecast = windows["label_units"][judged].astype(float), quantiles[..., 1][judged]
    error = forecast - actual

    assert found["wape"] == pytest.approx(np.abs(error).sum() / actual.sum())
    assert found["mae"] == pytest.approx(np.abs(error).mean())
    assert found["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert found["bias"] == pytest.approx(error.sum() / actual.sum())
    all_units = windows["label_units"][mask]
    assert found["wape_all"] == pytest.approx(
        np.abs(quantiles[..., 1][mask] - all_units).sum() / all_units.sum()
    )
    pinball = [
        np.where(actual >= q, level * (actual - q), (1 - level) * (q - actual)).mean()
        for level, q in zip(LEVELS, (quantiles[..., i][judged] for i in range(3)), strict=True)
    ]
    assert found["pinball"] == pytest.approx(np.mean(pinball))
    assert found["coverage_0.9"] == pytest.approx((actual <= quantiles[..., 2][judged]).mean())
    naive = np.abs(windows["seasonal_naive"][judged] - actual).sum() / actual.sum()
    assert found["skill_seasonal_naive"] == pytest.approx(1 - found["wape"] / naive)


def test_costs_equal_the_newsvendor_written_out(windows: Arrays) -> None:
    level = np.full((N, 1), 22.0)
    found = costs(cost_sums(windows, level))
    judged = windows["protection_observed"][:, 0] > 0
    demand, shortage = windows["protection_demand"][judged, 0], windows["shortage_cost"][judged, 0]

    def cost(stock: float) -> float:
        money = sum(
            1 * (stock - d) if stock > d else s * (d - stock) for d, s in zip(demand, shortage, strict=True)
        )
        return money / demand.sum()

    assert found["newsvendor_cost"] == pytest.approx(cost(22.0), rel=1e-5)
    assert found["base_stock_newsvendor_cost"] == pytest.approx(cost(25.0), rel=1e-5)
    assert found["skill_base_stock"] == pytest.approx(1 - cost(22.0) / cost(25.0), rel=1e-5)
    assert found["fill_rate"] == pytest.approx(np.minimum(demand, 22).sum() / demand.sum())
    assert found["service_level"] == pytest.approx((demand <= 22).mean())


def test_nothing_to_judge_gives_no_number_instead_of_an_error(windows: Arrays) -> None:
    windows["label_observed"] *= 0
    assert np.isnan(accuracy(accuracy_sums(windows, np.ones((N, H, 3)), LEVELS), LEVELS)["wape"])


def test_every_metric_has_a_key_that_thresholds_can_name() -> None:
    (computation,) = DemandAccuracy(levels=LEVELS).computations()
    assert {key.name for key in computation.keys} >= {"wape", "skill_seasonal_naive", "coverage_0.5"}
    assert all(key.example_weighted is None for key in computation.keys)


def test_a_baseline_that_is_exact_leaves_a_figure_to_judge_by() -> None:
    """Of demand that never changes seasonal naive misses nothing."""
    assert skill(0.2, 0.4) == pytest.approx(0.5)
    assert skill(0.0, 0.0) == 1.0
    assert skill(0.05, 0.0) == pytest.approx(1 - 0.05 / EXACT)
    assert math.isnan(skill(0.05, math.nan)) and math.isnan(skill(math.nan, 0.0))
