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
from inventory.periods import step
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
        "label_demand": rng.poisson(5, (N, H)).astype(np.float32),
        "lead_time": rng.integers(0, 3, (N, 1)),
        "review_period": np.full((N, 1), 2),
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
    orders = {
        name: {"order_up_to_level": np.full((N, 1), level), "largest_order": np.full((N, 1), 9.0)}
        for name, level in (("candidate", 12.0), ("baseline", 18.0))
    }
    computations = ReplenishmentCost().computations(model_names=["candidate", "baseline"])

    found = combine(
        computations,
        windows,
        lambda i: {
            model: {name: values[i] for name, values in said.items()} for model, said in orders.items()
        },
    )

    for name, said in orders.items():
        for metric, value in costs(cost_sums(windows, said)).items():
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


def test_costs_equal_the_simulation_of_each_window(windows: Arrays) -> None:
    """From a shelf for the lead time's recent mean, one order, and the two periods that it serves."""
    said = {"order_up_to_level": np.full((N, 1), 14.0), "largest_order": np.full((N, 1), 11.0)}
    found = costs(cost_sums(windows, said))

    def simulated(level: float, most: float) -> dict[str, float]:
        money = lost = demanded = clear = judged = 0.0
        for row in range(N):
            if not windows["protection_observed"][row, 0]:
                continue
            lead = int(windows["lead_time"][row, 0])
            stock, short = 5.0 * lead, 0.0
            order = min(max(level - stock, 0.0), most)
            for period in range(lead + 2):
                events = step(
                    stock, order if period == lead else 0.0, float(windows["label_demand"][row, period])
                )
                stock = float(events.on_hand)
                if period >= lead:
                    money += stock * 1 + float(events.unserved) * float(windows["shortage_cost"][row, 0])
                    short += float(events.unserved)
                    demanded += float(windows["label_demand"][row, period])
            lost, clear, judged = lost + short, clear + (short == 0), judged + 1
        return {"cost": money / demanded, "fill": 1 - lost / demanded, "service": clear / judged}

    mine, base = simulated(14.0, 11.0), simulated(25.0, np.inf)
    assert found["cycle_cost"] == pytest.approx(mine["cost"], rel=1e-5)
    assert found["base_stock_cycle_cost"] == pytest.approx(base["cost"], rel=1e-5)
    assert found["skill_base_stock"] == pytest.approx(1 - mine["cost"] / base["cost"], rel=1e-5)
    assert found["fill_rate"] == pytest.approx(mine["fill"])
    assert found["service_level"] == pytest.approx(mine["service"])


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
