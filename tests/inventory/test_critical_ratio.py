from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.stats import norm

from contracts.arrays import Floats
from inventory.service_levels import critical_ratio

HOLDING, SHORTAGE, DEMAND = 0.18, 0.70, norm(50, 8)
"""Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition, example 4.3."""
LEVEL = 56.60395592743389


def newsvendor_cost(level: ArrayLike, demand: ArrayLike, holding: float, shortage: float) -> Floats:
    gap = np.asarray(level, np.float64) - np.asarray(demand, np.float64)
    return np.asarray(holding * np.maximum(gap, 0) + shortage * np.maximum(-gap, 0))


def test_the_textbooks_answer() -> None:
    assert DEMAND.ppf(critical_ratio(HOLDING, SHORTAGE)) == pytest.approx(LEVEL, rel=1e-12)


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
