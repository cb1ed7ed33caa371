"""Shortage costs that service targets imply, against SciPy's distributions and simulated cycles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import gamma, norm

from inventory.service_levels import critical_ratio, cycle_service_of_fill_rate, shortage_of_cycle_service

SHARES = st.floats(0.01, 0.9999)


@given(st.floats(1e-4, 1e3), st.integers(1, 60), SHARES)
def test_the_critical_ratio_of_the_implied_cost_is_the_target(
    holding: float, review: int, target: float
) -> None:
    shortage = shortage_of_cycle_service(holding, review, target)
    np.testing.assert_allclose(critical_ratio(holding * review, shortage), target, rtol=1e-9)


def test_the_cheapest_level_under_the_implied_cost_serves_so_many_cycles() -> None:
    holding, target = 0.3, 0.95
    shortage = float(shortage_of_cycle_service(holding, 1, target))

    def cost(level: float) -> float:
        left = quad(lambda d: (level - d) * norm.pdf(d, 100, 20), 0, level)[0]
        short = quad(lambda d: (d - level) * norm.pdf(d, 100, 20), level, 260)[0]
        return holding * left + shortage * short

    cheapest = minimize_scalar(cost, bounds=(50, 200), method="bounded").x
    assert norm.cdf(cheapest, 100, 20) == pytest.approx(target, abs=1e-3)


@pytest.mark.parametrize(
    ("lead", "review", "target"), [(0, 7, 0.9), (3, 7, 0.95), (14, 7, 0.99), (2, 1, 0.8)]
)
def test_the_level_of_the_implied_ratio_serves_so_much_of_the_demand(
    lead: int, review: int, target: float
) -> None:
    mean, deviation = 50.0, 30.0
    share = float(cycle_service_of_fill_rate(mean, deviation, lead, review, target))
    # The sum of independent cycles has their means and variances added up.
    cycles = (lead + review) / review
    of_interval = gamma((mean / deviation) ** 2 * cycles, scale=deviation**2 / mean)
    level = of_interval.ppf(share)
    short = quad(lambda d: (d - level) * of_interval.pdf(d), level, level + 3000, limit=200)[0]
    assert 1 - short / mean == pytest.approx(target, abs=1e-6)


@pytest.mark.parametrize("shape", [0.5, 1.0, 6.0, 25.0])
@pytest.mark.parametrize("target", [0.9, 0.95, 0.99])
def test_cycles_that_are_lived_through_are_served_as_wanted(shape: float, target: float) -> None:
    demand = np.random.default_rng(5).negative_binomial(shape, 0.02, 100_000)
    share = float(cycle_service_of_fill_rate(demand.mean(), demand.std(), 0, 1, target))
    served = np.minimum(demand, np.quantile(demand, share)).sum() / demand.sum()
    assert served == pytest.approx(target, abs=0.01) or (share < 0.501 and served > target)


def test_demand_that_never_varies_has_a_share_too() -> None:
    assert 0.5 <= float(cycle_service_of_fill_rate(10.0, 0.0, 0, 7, 0.95)) <= 0.9999


@given(SHARES, st.floats(0.01, 1e4), st.floats(0, 1e5), st.integers(0, 60), st.integers(1, 30))
def test_shares_stay_within_their_bounds_and_rise_with_the_target(
    target: float, mean: float, deviation: float, lead: int, review: int
) -> None:
    share = cycle_service_of_fill_rate(mean, deviation, lead, review, np.array([target / 2, target]))
    assert 0.5 <= share[0] <= share[1] <= 0.9999
