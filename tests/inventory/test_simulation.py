"""The simulation against a shop written out item by item, with open orders in a list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lower_bound import clairvoyant_cost
from inventory.policies import LastSales, OrderUpTo, ReorderPoint
from inventory.simulation import Policy, Supply, Trajectory, simulate, spread_open_orders
from inventory.suppliers.schedule import review_periods


def test_an_order_of_period_t_is_on_the_shelf_at_the_start_of_t_plus_lead_time_plus_1() -> None:
    run = simulate(
        np.full((2, 6), 2.0), OrderUpTo([10.0, 10.0]), Supply([0, 2]), 1, initial_on_hand=[10.0, 10.0]
    )
    assert run.orders[:, 0].tolist() == [2, 2]
    # Lead time 0: ordered at the end of period 0, there at the start of period 1.
    assert run.available[0].tolist() == [10, 10, 10, 10, 10, 10]
    assert run.available[1].tolist() == [10, 8, 6, 6, 6, 6]
    assert run.on_order[1].tolist() == [0, 2, 4, 4, 4, 4]


def test_reviews_come_at_the_end_of_every_r_th_period() -> None:
    run = simulate(np.ones((1, 10)), OrderUpTo([20.0]), Supply([1]), 3, initial_on_hand=[20.0])
    assert run.orders[0].tolist() == [0, 0, 3, 0, 0, 3, 0, 0, 3, 0]
    assert review_periods(9, 3, -1) == [-1, 2, 5]


def test_a_review_at_the_cutoff_orders_before_the_first_period() -> None:
    run = simulate(
        np.ones((1, 4)), OrderUpTo([[5.0, 9.0]]), Supply([1]), 3, initial_on_hand=[2.0], first_review=-1
    )
    assert run.order_at_cutoff.tolist() == [3]
    # Lead time 1: there at the start of period 1.
    assert run.available[0].tolist() == [2, 4, 3, 2]
    assert run.orders[0].tolist() == [0, 0, 7, 0]


def test_lost_sales_are_lost() -> None:
    run = simulate(np.full((1, 3), 7.0), OrderUpTo([10.0]), Supply([5]), 1, initial_on_hand=[10.0])
    assert run.sales[0].tolist() == [7, 3, 0]
    assert run.unserved[0].tolist() == [0, 4, 7]
    assert run.orders[0].tolist() == [7, 3, 0]


@pytest.mark.parametrize(("lead", "review", "first"), [([-1], 1, None), ([1], 0, None), ([1], 1, -2)])
def test_impossible_times(lead: list[int], review: int, first: int | None) -> None:
    with pytest.raises(ValueError, match=r"must be a number, 0 or more|must be 1 or more"):
        simulate(
            np.ones((1, 3)), OrderUpTo([1.0]), Supply(lead), review, initial_on_hand=[1.0], first_review=first
        )


@pytest.mark.parametrize(
    ("demand", "lead", "on_hand", "words"),
    [
        ([[1.0, 1.0], [1.0, -2.0]], [1, 1], [1.0, 1.0], "demand of item 1 is -2"),
        ([[1.0, 1.0], [np.nan, 1.0]], [1, 1], [1.0, 1.0], "demand of item 1 is nan"),
        ([[1.0, 1.0], [1.0, 1.0]], [1, 1.5], [1.0, 1.0], "whole periods, not 1.5"),
        ([[1.0, 1.0], [1.0, 1.0]], [1, np.nan], [1.0, 1.0], "lead_time of item 1 is nan"),
        ([[1.0, 1.0], [1.0, 1.0]], [1, 1], [np.inf, 1.0], "initial_on_hand of item 0 is inf"),
    ],
)
def test_units_and_times_that_cannot_be(demand: Any, lead: Any, on_hand: Any, words: str) -> None:
    for run in (
        lambda: simulate(demand, OrderUpTo([1.0, 1.0]), Supply(lead), 1, initial_on_hand=on_hand),
        lambda: clairvoyant_cost(demand, lead, [1.0, 1.0], [1.0, 1.0], 1, initial_on_hand=on_hand),
    ):
        with pytest.raises(ValueError, match=words):
            run()


def test_a_review_without_a_level() -> None:
    with pytest.raises(ValueError, match="levels for 2 reviews, none for the one at the end of period 2"):
        simulate(np.ones((1, 5)), OrderUpTo([[1.0, 2.0]]), Supply([0]), 1, initial_on_hand=[1.0])


@pytest.mark.parametrize(("s", "upper"), [([5.0], [4.0]), ([np.nan], [4.0]), ([1.0], [np.nan])])
def test_an_order_up_to_level_below_the_reorder_point_is_no_policy(s: Any, upper: Any) -> None:
    with pytest.raises(ValueError, match="not below the reorder point"):
        ReorderPoint(s, upper)


def made_up(seed: int, review: int, first: int) -> dict[str, Any]:
    """Four items over thirty periods with everything that can differ."""
    rng = np.random.default_rng(seed)
    items, periods = 4, 30
    reviews = len(review_periods(periods, review, first))
    return {
        "demand": rng.poisson(3, (items, periods)).astype(float),
        "level": rng.integers(5, 40, (items, reviews)).astype(float),
        "lead": rng.integers(0, 6, items),
        "pack": rng.integers(1, 7, items),
        "minimum": rng.integers(0, 6, items),
        "maximum": rng.integers(6, 30, items),
        "stock": rng.integers(0, 30, items).astype(float),
        "coming": rng.integers(0, 5, (items, rng.integers(0, 9))).astype(float),
        "before": rng.poisson(3, (items, review)).astype(float),
    }


def run_policy(case: dict[str, Any], kind: str, review: int, first: int) -> Trajectory:
    policies: dict[str, Policy] = {
        "order_up_to": OrderUpTo(case["level"]),
        "reorder_point": ReorderPoint(case["level"] - 4, case["level"]),
        "last_sales": LastSales(case["before"]),
    }
    return simulate(
        case["demand"],
        policies[kind],
        Supply(case["lead"], case["pack"], case["minimum"], case["maximum"]),
        review,
        initial_on_hand=case["stock"],
        initial_on_order=case["coming"],
        first_review=first,
    )


def wanted(
    case: dict[str, Any], kind: str, item: int, review: int, position: float, sold: list[float]
) -> float:
    level = case["level"][item, review]
    if kind == "order_up_to":
        return level - position
    if kind == "reorder_point":
        return level - position if position <= level - 4 else 0.0
    return sum((list(case["before"][item]) + sold)[-len(case["before"][item]) :])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    review=st.integers(1, 8),
    at_cutoff=st.booleans(),
    kind=st.sampled_from(["order_up_to", "reorder_point", "last_sales"]),
)
def test_vectorised_equals_one_item_at_a_time(seed: int, review: int, at_cutoff: bool, kind: str) -> None:
    first = -1 if at_cutoff else review - 1
    case = made_up(seed, review, first)
    run = run_policy(case, kind, review, first)
    for item in range(len(case["demand"])):
        stock, sold, count = case["stock"][item], [], 0
        open_orders = list(enumerate(case["coming"][item]))
        for now in range(-1, case["demand"].shape[1]):
            if now >= 0:
                stock += sum(units for due, units in open_orders if due == now)
                open_orders = [(due, units) for due, units in open_orders if due > now]
                assert run.available[item, now] == stock
                served = min(stock, case["demand"][item, now])
                stock -= served
                sold.append(served)
                assert (run.sales[item, now], run.on_hand[item, now]) == (served, stock)
                assert run.on_order[item, now] == sum(units for _, units in open_orders)
            if now < first or (now - first) % review or now == case["demand"].shape[1] - 1:
                continue
            waiting = sum(units for _, units in open_orders)
            need, units = wanted(case, kind, item, count, stock + waiting, sold), 0.0
            count += 1
            if need > 0:
                pack, least = case["pack"][item], case["minimum"][item]
                units = -(-max(need, least) // pack) * pack
                units = min(units, case["maximum"][item] // pack * pack)
                units = units if units >= least else 0.0
                open_orders.append((now + case["lead"][item] + 1, units))
            assert (run.order_at_cutoff[item] if now < 0 else run.orders[item, now]) == units


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), review=st.integers(1, 8), at_cutoff=st.booleans())
def test_no_unit_appears_or_vanishes(seed: int, review: int, at_cutoff: bool) -> None:
    first = -1 if at_cutoff else review - 1
    case = made_up(seed, review, first)
    run = run_policy(case, "order_up_to", review, first)
    came = case["stock"] + case["coming"].sum(axis=1) + run.order_at_cutoff + run.orders.sum(axis=1)
    there = run.sales.sum(axis=1) + run.on_hand[:, -1] + run.on_order[:, -1]
    assert came.tolist() == there.tolist()
    assert np.array_equal(run.sales + run.unserved, case["demand"])


def test_open_orders_of_which_the_sum_is_known_are_of_the_reviews_before() -> None:
    lead = np.array([0, 2, 3, 7, 9])
    found = spread_open_orders([6.0] * 5, lead, lead, 3, 8)
    # One of the review before is there at once, however short its lead time is; three can be open at nine periods.
    assert [np.flatnonzero(row).tolist() for row in found] == [[0], [0], [0], [1, 4], [0, 3, 6]]
    assert found.sum(axis=1).tolist() == [6.0] * 5
    assert found[4, 3] == 2.0
    # Told two periods ago: what had come by now comes next.
    assert spread_open_orders([6.0], np.array([5]), np.array([7]), 3, 8)[0].tolist()[:3] == [3.0, 0.0, 3.0]
    assert spread_open_orders([4.0], np.array([9]), np.array([9]), 1, 3)[0, 2] == pytest.approx(4.0 * 7 / 9)
