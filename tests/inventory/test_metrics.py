"""Metrics against sums written out by hand, and against the newsvendor's textbook cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inventory.metrics import Money, costs, metrics, metrics_by
from inventory.policies import OrderUpTo
from inventory.simulation import Supply, Trajectory, simulate

MONEY = Money(np.array([1.0, 2.0]), np.array([5.0, 3.0]), np.array([4.0, np.nan]))


def two_items() -> tuple[Trajectory, dict[str, float]]:
    run = simulate(
        np.array([[3.0, 9.0, 2.0, 2.0], [1.0, 0.0, 1.0, 0.0]]),
        OrderUpTo([8.0, 2.0]),
        Supply([0, 0]),
        2,
        initial_on_hand=[8.0, 2.0],
    )
    return run, metrics(run, MONEY, 2, 1)


def test_every_figure_of_a_case_by_hand() -> None:
    run, found = two_items()
    # Item 1: 8 -3-> 5 -9-> 0 (4 short), order 8; 8 -2-> 6 -2-> 4. Item 2: 2 -> 1 -> 1, order 1; 2 -> 1 -> 1.
    assert run.on_hand.tolist() == [[5, 0, 6, 4], [1, 1, 1, 1]]
    assert costs(run, MONEY).holding.tolist() == [15.0, 8.0]
    assert found["holding_cost"] == 23 and found["shortage_cost"] == 20 and found["total_cost"] == 43
    assert found["fill_rate"] == pytest.approx(14 / 18)
    assert found["cycle_service_level"] == 3 / 4
    assert (found["units_demanded"], found["units_ordered"], found["orders"]) == (18, 8 + 1, 2)
    assert found["average_stock_units"] == 15 / 4 + 1
    assert found["average_stock_value"] == 15
    assert found["stock_turns"] == pytest.approx(12 * 4 / (4 / 365.25) / 15)


def test_groups_add_up_to_the_whole() -> None:
    run, found = two_items()
    parts = metrics_by(run, MONEY, 2, 1, {"store_id": np.array(["A", "B"])})
    assert set(parts) == {"store_id=A", "store_id=B"}
    for name in ("total_cost", "units_demanded", "orders", "average_stock_units"):
        assert sum(part[name] for part in parts.values()) == found[name]
    assert math.isnan(parts["store_id=B"]["stock_turns"])


def test_with_no_item_there_is_no_ratio() -> None:
    run, _ = two_items()
    nothing = metrics(run, MONEY, 2, 1, np.zeros(2, dtype=bool))
    assert math.isnan(nothing["fill_rate"]) and nothing["total_cost"] == 0


def test_one_period_at_the_newsvendors_level_costs_what_the_textbook_says() -> None:
    """Snyder and Shen, example 4.3: h 0.18, p 0.70, demand N(50, 8): level 56.60, cost 1.9976."""
    level, cost = 56.60395592743389, 1.9976051931766445
    items = 400_000
    demand = np.maximum(np.random.default_rng(5).normal(50, 8, (items, 1)), 0)
    run = simulate(demand, OrderUpTo(level), Supply(0), 1, initial_on_hand=np.full(items, level))
    money = Money(np.full(items, 0.18), np.full(items, 0.70), np.ones(items))
    assert costs(run, money).total.mean() == pytest.approx(cost, rel=0.01)
