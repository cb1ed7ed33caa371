from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from components.policy_comparison.calibration import (
    LEVEL_SHIFT,
    coverage_at_level,
    coverage_bounds,
    interval_sums,
    level_of,
)
from inventory.paths import path_scores


@pytest.mark.parametrize("rate", [0.3, 2.0, 15.0])
def test_the_true_quantiles_of_counts_are_calibrated_however_rare_they_are(rate: float) -> None:
    """Empirical quantiles of a large Poisson sample, a little off a whole unit as a network's are."""
    rng = np.random.default_rng(0)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    units = rng.poisson(rate, (2000, 7)).astype(float)
    quantiles = np.quantile(rng.poisson(rate, 200_000), levels, method="inverted_cdf")
    forecast = np.broadcast_to(quantiles, (2000, 7, 5)) + rng.uniform(-0.3, 0.3, (2000, 7, 1))
    found = coverage_bounds(units, np.ones((2000, 7)), forecast, levels)
    for text, shares in found.items():
        assert shares["below"] - 0.02 <= float(text) <= shares["at_most"] + 0.02


def test_fractional_demand_is_not_rounded_and_unseen_periods_do_not_count() -> None:
    units, observed = np.array([[0.5, 1.2, 9.0]]), np.array([[1, 1, 0]])
    found = coverage_bounds(units, observed, np.full((1, 3, 1), 0.6), [0.5])
    assert found == {"0.5": {"below": 0.5, "at_most": 0.5}}
    nothing = coverage_bounds(units, np.zeros((1, 3)), np.full((1, 3, 1), 0.6), [0.5])
    assert math.isnan(nothing["0.5"]["below"])


def test_counts_beside_products_sold_by_weight_are_calibrated_too() -> None:
    """Every second window is of a product that is sold in quarters of a unit, and often not at all."""
    rng = np.random.default_rng(1)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    step = np.where(np.arange(2000) % 2, 0.25, 1.0)[:, None]
    units = rng.poisson(1.5, (2000, 7)) * step
    quantiles = np.quantile(rng.poisson(1.5, 200_000), levels, method="inverted_cdf")
    forecast = quantiles * step[:, :, None] + np.where(quantiles == 0, 0.03, 0.0)
    found = coverage_bounds(units, np.ones((2000, 7)), np.broadcast_to(forecast, (2000, 7, 5)), levels)
    for text, shares in found.items():
        assert shares["below"] - 0.02 <= float(text) <= shares["at_most"] + 0.02


def sums(correlated: bool, count: int = 3000) -> dict[str, dict[str, float]]:
    """Of demand whose periods go together, under its true quantiles; the interval is the first three periods."""
    rng = np.random.default_rng(4)
    shared, own = rng.normal(size=(count, 1)), rng.normal(size=(count, 5))
    demand = 100 + 10 * (np.sqrt(0.6) * shared + np.sqrt(0.4) * own)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    quantiles = np.broadcast_to(100 + 10 * ndtri(levels), (count, 5, 5))
    by_lag = [1.0, *([0.6] * 4)] if correlated else []
    windows = {
        "protection_demand": demand[:, :3].sum(axis=1, keepdims=True),
        "protection_observed": np.ones((count, 1)),
        "lead_time": np.full((count, 1), 2),
        "review_period": np.ones((count, 1), np.int64),
    }
    return coverage_bounds(*interval_sums(windows, quantiles, levels, path_scores(by_lag, 5)), levels)


def test_sums_are_covered_where_the_paths_know_how_periods_go_together() -> None:
    for text, shares in sums(correlated=True).items():
        assert shares["below"] - 0.02 <= float(text) <= shares["at_most"] + 0.02
    alone = sums(correlated=False)
    # Taken for independent, errors of a sum are too small: its tails are left more often.
    assert alone["0.95"]["at_most"] < 0.93 and alone["0.05"]["below"] > 0.07


def test_sums_of_which_a_period_is_not_known_do_not_count() -> None:
    windows = {
        "protection_demand": np.array([[30.0], [99.0]]),
        "protection_observed": np.array([[1.0], [0.0]]),
        "lead_time": np.array([[2], [2]]),
        "review_period": np.array([[1], [1]]),
    }
    summed = interval_sums(windows, np.full((2, 5, 2), 10.0), [0.5, 0.9], path_scores([], 5))
    found = coverage_bounds(*summed, [0.5, 0.9])
    assert found == {"0.5": {"below": 0.0, "at_most": 1.0}, "0.9": {"below": 0.0, "at_most": 1.0}}


@pytest.mark.parametrize(
    ("moved", "expected"), [(1.05, 1.05), (0.96, 0.96), (1.5, 1 + LEVEL_SHIFT), (0.3, 1 / (1 + LEVEL_SHIFT))]
)
def test_the_level_is_what_all_series_together_came_to(moved: float, expected: float) -> None:
    rng = np.random.default_rng(0)
    mean = rng.uniform(50, 500, (400, 7))
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    quantiles = mean[:, :, None] * (1 + 0.1 * ndtri(levels))
    units = mean * moved * (1 + 0.1 * rng.normal(size=mean.shape))
    units[:, 0] = np.nan
    observed = np.isfinite(units).astype(float)
    assert level_of(np.nan_to_num(units), observed, quantiles, levels) == pytest.approx(expected, abs=0.005)


def test_a_shift_of_all_series_is_told_apart_from_quantiles_that_are_too_narrow() -> None:
    rng = np.random.default_rng(0)
    mean, levels = rng.uniform(50, 500, (400, 7)), [0.05, 0.5, 0.95]
    observed = np.ones(mean.shape)
    for spread, away in ((0.1, 0.02), (0.03, 0.2)):
        quantiles = mean[:, :, None] * (1 + spread * ndtri(levels))
        units = mean * 1.08 * (1 + 0.1 * rng.normal(size=mean.shape))
        level = level_of(units, observed, quantiles, levels)
        plain = coverage_bounds(units, observed, quantiles, levels)
        found = coverage_at_level(units, observed, quantiles, levels)["0.95"]
        assert found["below"] == plain["0.95"]["below"] and found["level"] == level
        assert 0.95 - found["at_most"] > 0.1
        assert (0.95 - found["at_most_at_level"] < away) == (spread == 0.1)


def test_sums_that_moved_otherwise_than_the_whole_window_are_judged_at_their_own_level() -> None:
    # The first five of fourteen days, which orders are for, sell as forecast; the others more.
    rng = np.random.default_rng(0)
    mean, levels = np.full((400, 14), 100.0), [0.05, 0.5, 0.95]
    quantiles = mean[:, :, None] * (1 + 0.1 * ndtri(levels))
    units = mean * np.where(np.arange(14) < 5, 1.0, 1.1) * (1 + 0.1 * rng.normal(size=mean.shape))
    first = {"protection_demand": units[:, :5].sum(axis=1, keepdims=True)}
    terms = {"protection_observed": 1.0, "lead_time": 3, "review_period": 2}
    windows = first | {name: np.full((400, 1), value) for name, value in terms.items()}
    sums = interval_sums(windows, quantiles, levels, path_scores([], 14))
    assert coverage_at_level(units, np.ones(mean.shape), quantiles, levels)["0.5"]["level"] > 1.05
    median = coverage_at_level(*sums, levels)["0.5"]
    assert abs(median["level"] - 1) < 0.01 and median["below_at_level"] == pytest.approx(0.5, abs=0.07)


def test_where_nothing_was_seen_there_is_no_level() -> None:
    assert level_of(np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2, 1)), [0.5]) == 1.0
