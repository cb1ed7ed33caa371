from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.newsvendor import critical_ratio, expected_cost_normal, newsvendor_cost, newsvendor_normal


def test_the_textbooks_answer() -> None:
    level, cost = newsvendor_normal(0.18, 0.70, 50, 8)
    assert level == pytest.approx(56.60395592743389, rel=1e-12)
    assert cost == pytest.approx(1.9976051931766445, rel=1e-12)


def test_the_best_level_costs_what_it_should_and_any_other_more() -> None:
    level, cost = newsvendor_normal(0.18, 0.70, 50, 8)
    levels = level + np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    costs = expected_cost_normal(levels, 0.18, 0.70, 50, 8)
    assert costs[2] == pytest.approx(cost, rel=1e-9)
    assert (np.delete(costs, 2) > cost).all()


def test_the_expected_cost_is_the_mean_of_the_realised_costs() -> None:
    demand = np.random.default_rng(1).normal(50, 8, 400_000)
    realised = newsvendor_cost(54.0, demand, 0.18, 0.70).mean()
    assert expected_cost_normal(54.0, 0.18, 0.70, 50, 8) == pytest.approx(realised, rel=5e-3)


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
    with pytest.raises(ValueError, match="strictly between"):
        newsvendor_normal(0.0, 1.0, 50, 8)
