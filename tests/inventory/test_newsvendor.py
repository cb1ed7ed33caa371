from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from inventory.newsvendor import critical_ratio, newsvendor_cost

HOLDING, SHORTAGE, DEMAND = 0.18, 0.70, norm(50, 8)
"""Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition, example 4.3."""
LEVEL, COST = 56.60395592743389, 1.9976051931766445


def expected(level: float) -> float:
    """The cost of a level over all demands, by quadrature."""
    parts = [
        quad(lambda d: newsvendor_cost(level, d, HOLDING, SHORTAGE) * DEMAND.pdf(d), *bounds, epsabs=1e-13)[0]
        for bounds in ((-30, level), (level, 130))
    ]
    return float(sum(parts))


def test_the_textbooks_answer() -> None:
    assert DEMAND.ppf(critical_ratio(HOLDING, SHORTAGE)) == pytest.approx(LEVEL, rel=1e-12)
    assert expected(LEVEL) == pytest.approx(COST, rel=1e-9)


def test_any_other_level_costs_more() -> None:
    assert all(expected(LEVEL + step) > COST for step in (-2.0, -0.5, 0.5, 2.0))


def test_the_cost_of_too_much_and_of_too_little() -> None:
    cost = newsvendor_cost([10, 10, 10], [7, 10, 14], [2, 2, 2], [5, 5, 5])
    assert cost.tolist() == [6, 0, 20]


@given(
    holding=st.floats(0.01, 100),
    shortage=st.floats(0.01, 100),
    demand=st.lists(st.integers(0, 60), min_size=1),
)
def test_the_critical_ratios_quantile_is_the_cheapest_level(
    holding: float, shortage: float, demand: list[int]
) -> None:
    ratio = float(critical_ratio(holding, shortage))
    best = np.quantile(demand, ratio, method="inverted_cdf")
    levels = np.arange(0, 62)
    costs = newsvendor_cost(levels[:, None], np.array(demand)[None, :], holding, shortage).mean(axis=1)
    at_best = newsvendor_cost(best, np.array(demand), holding, shortage).mean()
    assert at_best == pytest.approx(costs.min(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("holding", "shortage", "message"),
    [
        (-1, 1, "0 or more"),
        (1, -1, "0 or more"),
        (0, 0, "not both be 0"),
        (np.nan, 1, "finite"),
        (1, np.inf, "finite"),
    ],
)
def test_impossible_costs(holding: float, shortage: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        critical_ratio([1.0, holding], [1.0, shortage])


def test_a_free_shortage_or_storage_is_a_ratio_of_0_or_1() -> None:
    assert critical_ratio([1, 0], [0, 1]).tolist() == [0, 1]
