"""Room on the shelf, item by item and in the simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lost_sales import Cycle
from inventory.policies import OrderUpTo
from inventory.shelf.capacity import stock_on_arrival, within_capacity
from inventory.shelf.in_time import InTime, sold_in_time
from inventory.simulation import Supply, simulate


@given(st.integers(0, 10_000))
def test_what_lies_there_on_arrival_is_what_a_list_of_periods_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    on_hand, lead = rng.uniform(0, 9, 4), rng.integers(0, 7, 4)
    arriving, sales = rng.uniform(0, 5, (4, rng.integers(0, 9))), rng.uniform(0, 4, (4, rng.integers(1, 6)))
    found = stock_on_arrival(on_hand, arriving, sales, lead)
    for i in range(4):
        coming, left = list(arriving[i]), on_hand[i]
        for period in range(lead[i]):
            left += coming.pop(0) if coming else 0.0
            left = max(left - sales[i, period % sales.shape[1]], 0.0)
        assert found[i] == pytest.approx(left + sum(coming))


def test_the_tighter_of_maximum_and_shelf_counts() -> None:
    found = within_capacity([5.0, 50.0, np.nan, np.nan], [20.0, 20.0, 20.0, np.nan], [12.0, 12.0, 25.0, 3.0])
    np.testing.assert_array_equal(found, [5.0, 8.0, 0.0, np.nan])
    assert within_capacity(None, 20.0, 12.0) == 8.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(1, 4))
def test_a_shelf_never_holds_more_where_at_least_as_much_is_sold_as_usual(
    seed: int, lead: int, review: int
) -> None:
    rng = np.random.default_rng(seed)
    usual = rng.integers(0, 4, 5).astype(float)
    demand = usual[:, None] + rng.poisson(1, (5, 20))
    capacity = rng.integers(5, 30, 5).astype(float)
    pack = rng.integers(1, 4, 5).astype(float)
    levels = OrderUpTo(rng.uniform(0, 90, 5))
    supply = Supply(lead, pack, capacity=capacity, usual_sales=usual)
    run = simulate(demand, levels, supply, review, initial_on_hand=np.zeros(5), first_review=-1)
    assert (run.available <= capacity[:, None] + 1e-9).all()
    free = simulate(demand, levels, Supply(lead, pack), review, initial_on_hand=np.zeros(5), first_review=-1)
    wide = Supply(lead, pack, capacity=np.full(5, np.nan), usual_sales=usual)
    same = simulate(demand, levels, wide, review, initial_on_hand=np.zeros(5), first_review=-1)
    np.testing.assert_array_equal(free.orders, same.orders)


@given(st.integers(0, 10_000), st.integers(0, 2), st.integers(1, 3))
def test_a_presentation_stock_is_on_top_of_what_demand_asks_for(seed: int, lead: int, review: int) -> None:
    """By trying every quantity along every path: what is bought of it is short, what lies in it is not paid for."""
    rng = np.random.default_rng(seed)
    paths = rng.integers(0, 6, (1, 5, 5)).astype(float)
    stock, kept = float(rng.integers(0, 12)), float(rng.integers(0, 6))
    cycle = Cycle.of(paths, [stock], np.zeros((1, 0)), lead, review, [0.3], [2.0], [kept])

    def cost(quantity: float) -> float:
        total = 0.0
        for path in paths[0]:
            left = stock
            for units in path[:lead]:
                left = max(left - units, 0.0)
            above, short = left + quantity - kept, 0.0
            for units in path[lead : lead + review]:
                above -= units
                total += 0.3 * max(above, 0.0)
            short = max(-above, 0.0)
            total += 2.0 * short
        return total / len(paths[0])

    best = float(cycle.best()[0])
    assert cycle.cost([best])[0] == pytest.approx(cost(best))
    assert cost(best) == pytest.approx(min(cost(float(units)) for units in range(40)))
    plain = Cycle.of(paths, [stock], np.zeros((1, 0)), lead, review, [0.3], [2.0])
    assert plain.best()[0] <= best <= plain.best()[0] + kept


@given(st.integers(0, 10_000))
def test_what_is_sold_in_time_is_summed_period_by_period(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sales, lead = rng.uniform(0, 5, (4, rng.integers(1, 6))), rng.integers(0, 5, 4)
    life, there = rng.choice([np.nan, 1.0, 3.0, 20.0], 4), rng.uniform(0, 9, 4)
    found = sold_in_time(sales, lead, life, there)
    for i in range(4):
        if np.isnan(life[i]):
            assert found[i] == np.inf
            continue
        total = sum(sales[i, (lead[i] + k) % sales.shape[1]] for k in range(int(life[i])))
        assert found[i] == pytest.approx(max(total - there[i], 0.0))


def test_a_policy_that_knows_no_better_is_held_to_what_is_usually_sold() -> None:
    life, usual = np.array([2.0, np.nan, 2.0]), np.array([3.0, 3.0, 0.0])
    policy = InTime(OrderUpTo(np.full(3, 50.0)), np.zeros(3, np.int64), life, usual)
    supply = Supply(0, shelf_life=life)
    run = simulate(np.full((3, 6), 3.0), policy, supply, 1, initial_on_hand=np.zeros(3), first_review=-1)
    assert run.order_at_cutoff.tolist() == [6.0, 50.0, 50.0]
    assert run.wasted is not None and run.wasted[0].sum() < run.wasted[2].sum()


@given(st.integers(0, 10_000))
def test_what_expires_before_the_arrival_takes_no_room(seed: int) -> None:
    rng = np.random.default_rng(seed)
    on_hand, lead, apart = rng.uniform(0, 30, 4), rng.integers(0, 7, 4), rng.integers(1, 5, 4)
    life = rng.choice([np.nan, 1.0, 3.0, 6.0], 4)
    arriving, sales = rng.uniform(0, 5, (4, rng.integers(0, 9))), rng.uniform(0, 3, (4, 5))
    found = stock_on_arrival(on_hand, arriving, sales, lead, life, apart)
    plain = stock_on_arrival(on_hand, arriving, sales, lead)
    for i in range(4):
        if np.isnan(life[i]):
            assert found[i] == pytest.approx(plain[i])
            continue
        parts = int(min(apart[i], max(life[i] - 1, 1)))
        shelf = [[max(life[i] - 2 - n, 0), on_hand[i] / parts] for n in range(parts)]
        coming = list(arriving[i])
        for period in range(lead[i]):
            shelf.append([period + life[i] - 1, coming.pop(0) if coming else 0.0])
            rest = sales[i, period % 5]
            for batch in sorted(shelf):
                served = min(batch[1], rest)
                batch[1], rest = batch[1] - served, rest - served
            shelf = [batch for batch in shelf if batch[0] > period]
        assert found[i] == pytest.approx(sum(units for _, units in shelf) + sum(coming))
