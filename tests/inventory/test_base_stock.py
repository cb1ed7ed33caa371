from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import ndtri
from scipy.stats import norm

from inventory.base_stock import (
    cycle_base_stock_level,
    moments_of_quantiles,
    normal_base_stock_level,
    protection_interval,
    quantile_plan_level,
)

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def test_the_protection_interval_is_lead_time_and_review_period() -> None:
    assert protection_interval([0, 3, 7], 7).tolist() == [7, 10, 14]
    with pytest.raises(ValueError, match="lead_time must be 0 or more"):
        protection_interval([-1], 7)
    with pytest.raises(ValueError, match="review_period 1 or more"):
        protection_interval([1], 0)


def test_the_level_of_a_textbook() -> None:
    # Mean 50, deviation 8 over one period at the newsvendor's ratio: the level of the newsvendor itself.
    assert normal_base_stock_level(50, 8, 1, 0.70 / 0.88) == pytest.approx(56.60395592743389)
    assert normal_base_stock_level(50, 8, 4, 0.975) == pytest.approx(200 + 1.959963984540054 * 16)


def cycle_cost(level: float, mu: float, sigma: float, lead: int, review: int, h: float, p: float) -> float:
    """The account of ``cycle_base_stock_level``, by the normal loss function."""

    def over(periods: int) -> float:
        if periods == 0:
            return level
        deviation = sigma * periods**0.5
        z = (level - periods * mu) / deviation
        return float(deviation * (norm.pdf(z) + z * norm.cdf(z)))

    def short(periods: int) -> float:
        return over(periods) - level + periods * mu

    held = sum(over(j) for j in range(lead + 1, lead + review + 1))
    return h * held + p * (short(lead + review) - short(lead))


@given(
    mu=st.floats(1, 50),
    spread=st.floats(0.05, 0.6),
    lead=st.integers(0, 5),
    review=st.integers(1, 8),
    shortage=st.floats(3, 60),
)
def test_no_other_level_costs_less_in_a_cycle(
    mu: float, spread: float, lead: int, review: int, shortage: float
) -> None:
    terms = (mu, spread * mu, lead, review, 0.3, shortage)
    level = float(cycle_base_stock_level(*terms))
    least = minimize_scalar(lambda s: cycle_cost(s, *terms), bounds=(0, 3 * level + 10), method="bounded")
    assert cycle_cost(level, *terms) <= least.fun * (1 + 1e-6) + 1e-9


def test_of_one_period_without_lead_time_the_cycles_level_is_the_newsvendors() -> None:
    assert cycle_base_stock_level(50, 8, 0, 1, 0.18, 0.70) == pytest.approx(56.60395592743389, rel=1e-6)


def test_the_cycles_level_holds_less_where_holding_is_paid_longer() -> None:
    levels = cycle_base_stock_level(10.0, 3.0, 2, [1, 3, 7], 1.0, 9.0) - 10.0 * (2 + np.array([1, 3, 7]))
    assert (np.diff(levels) < 0).all()
    assert cycle_base_stock_level(4.0, 0.0, 1, 2, 1.0, 9.0) == pytest.approx(12.0, abs=1e-6)


def test_ratios_of_0_and_1_give_finite_levels() -> None:
    levels = normal_base_stock_level(50, 8, 4, [0.0, 0.5, 1.0])
    assert np.isfinite(levels).all()
    assert (np.diff(levels) > 0).all()
    assert normal_base_stock_level(1, 8, 4, 0.0) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_base_stock_level(50, 8, 4, 1.1)


@given(mean=st.floats(50, 500), deviation=st.floats(0.1, 10))
def test_normal_quantiles_give_back_their_moments(mean: float, deviation: float) -> None:
    found = moments_of_quantiles(LEVELS, mean + deviation * ndtri(LEVELS))
    assert found[0] == pytest.approx(mean, rel=1e-6)
    assert found[1] == pytest.approx(deviation, rel=1e-4)


def test_moments_equal_those_of_a_fine_grid() -> None:
    points = np.array([[0.0, 1.0, 2.0, 4.0, 9.0], [0.0, 0.0, 0.0, 1.0, 3.0], [3.0, 3.0, 3.0, 3.0, 3.0]])
    z, nodes = ndtri(LEVELS), ndtri((np.arange(200_000) + 0.5) / 200_000)
    mean, deviation = moments_of_quantiles(LEVELS, points)
    for row, (found_mean, found_deviation) in enumerate(zip(mean, deviation, strict=True)):
        slopes = np.diff(points[row]) / np.diff(z)
        values = np.interp(nodes, z, points[row])
        values = np.where(nodes < z[0], np.maximum(points[row, 0] + slopes[0] * (nodes - z[0]), 0), values)
        values = np.where(nodes > z[-1], points[row, -1] + slopes[-1] * (nodes - z[-1]), values)
        assert found_mean == pytest.approx(values.mean(), abs=1e-3)
        assert found_deviation == pytest.approx(values.std(), abs=2e-3)


@pytest.mark.parametrize(
    ("levels", "points"),
    [
        ([0.5], [1.0]),
        ([0.9, 0.5], [1.0, 2.0]),
        ([0.0, 0.5], [1.0, 2.0]),
        ([0.5, 1.0], [1.0, 2.0]),
        ([0.5, np.nan], [1.0, 2.0]),
        ([0.1, 0.5, 0.9], [1.0, 2.0]),
    ],
)
def test_unfit_quantiles(levels: list[float], points: list[float]) -> None:
    with pytest.raises(ValueError, match=r"rising probabilities|for 3 levels"):
        moments_of_quantiles(levels, points)


def test_the_plan_of_normal_quantiles_is_the_normal_base_stock() -> None:
    mean, deviation = np.array([100.0, 60.0]), np.array([7.0, 3.0])
    quantiles = mean[:, None, None] + deviation[:, None, None] * ndtri(LEVELS)
    interval, ratio = np.array([4, 9]), np.array([0.9, 0.3])
    level = quantile_plan_level(LEVELS, np.repeat(quantiles, 14, axis=1), interval, ratio)
    assert level == pytest.approx(normal_base_stock_level(mean, deviation, interval, ratio), rel=1e-5)


def test_only_the_protection_interval_counts() -> None:
    quantiles = np.random.default_rng(2).gamma(2, 3, (3, 10, 5)).cumsum(axis=-1)
    changed = quantiles.copy()
    changed[:, 6:] *= 100
    interval = np.array([6, 3, 1])
    assert quantile_plan_level(LEVELS, changed, interval, 0.8).tolist() == pytest.approx(
        quantile_plan_level(LEVELS, quantiles, interval, 0.8).tolist()
    )


@pytest.mark.parametrize("interval", [0, 11])
def test_an_interval_outside_the_horizon(interval: int) -> None:
    with pytest.raises(ValueError, match="between 1 and the horizon of 10"):
        quantile_plan_level(LEVELS, np.ones((1, 10, 5)), [interval], 0.9)


def test_quantiles_of_an_unfit_shape() -> None:
    with pytest.raises(ValueError, match=r"\[items, periods, quantiles\]"):
        quantile_plan_level(LEVELS, np.ones((10, 5)), [1], 0.9)
