"""The bound lies below every policy, and a search over all order plans reaches it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inventory.lower_bound import clairvoyant_cost
from inventory.metrics import Money, costs
from inventory.policies import LastSales, OrderUpTo, ReorderPoint
from inventory.simulation import Policy, Review, Supply, simulate
from inventory.suppliers.schedule import review_periods
from tests.inventory.test_simulation import made_up


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 100_000), review=st.integers(1, 8), at_cutoff=st.booleans())
def test_no_policy_is_cheaper(seed: int, review: int, at_cutoff: bool) -> None:
    first = -1 if at_cutoff else review - 1
    case = made_up(seed, review, first)
    rng = np.random.default_rng(seed + 1)
    money = Money(rng.uniform(0.1, 2, 4), rng.uniform(0.5, 9, 4), np.full(4, np.nan))
    start: dict[str, Any] = {
        "initial_on_hand": case["stock"],
        "initial_on_order": case["coming"],
        "first_review": first,
    }
    bound = clairvoyant_cost(
        case["demand"], case["lead"], money.holding_cost, money.shortage_cost, review, **start
    )
    policies: tuple[Policy, ...] = (
        OrderUpTo(case["level"]),
        ReorderPoint(case["level"] - 4, case["level"]),
        LastSales(case["before"]),
    )
    for policy, supply in itertools.product(
        policies, (Supply(case["lead"]), Supply(case["lead"], case["pack"], case["minimum"], case["maximum"]))
    ):
        run = simulate(case["demand"], policy, supply, review, **start)
        assert (costs(run, money).total >= bound - 1e-9).all()


class _Plan:
    """Orders a fixed quantity at each review."""

    def __init__(self, quantities: tuple[int, ...]) -> None:
        self._quantities = quantities

    def need(self, review: Review) -> NDArray[Any]:
        return np.array([float(self._quantities[review.number])])


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_plans_reaches_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 3, (1, 6)).astype(float)
    lead, review, first = np.array([rng.integers(0, 2)]), 2, -1
    money = Money(rng.uniform(0.2, 2, 1), rng.uniform(0.5, 4, 1), np.ones(1))
    start: dict[str, Any] = {
        "initial_on_hand": rng.integers(0, 3, 1).astype(float),
        "initial_on_order": rng.integers(0, 2, (1, 2)).astype(float),
        "first_review": first,
    }
    reviews = len(review_periods(6, review, first))
    best = min(
        costs(simulate(demand, _Plan(plan), Supply(lead), review, **start), money).total[0]
        for plan in itertools.product(range(5), repeat=reviews)
    )
    bound = clairvoyant_cost(demand, lead, money.holding_cost, money.shortage_cost, review, **start)
    assert bound[0] == pytest.approx(best)
