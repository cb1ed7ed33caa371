from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.periods import simulate_base_stock, step


def test_one_period() -> None:
    period = step([5, 5, 0], [0, 10, 0], [3, 20, 4])
    assert period.available.tolist() == [5, 15, 0]
    assert period.sales.tolist() == [3, 15, 0]
    assert period.unserved.tolist() == [0, 5, 4]
    assert period.on_hand.tolist() == [2, 0, 0]


def test_an_order_of_period_t_is_on_the_shelf_at_the_start_of_t_plus_lead_time_plus_1() -> None:
    run = simulate_base_stock(np.full((2, 6), 2.0), [10.0, 10.0], lead_time=[0, 2], review_period=1)
    assert run.orders[:, 0].tolist() == [2, 2]
    # Lead time 0: ordered at the end of period 0, there at the start of period 1.
    assert run.available[0].tolist() == [10, 10, 10, 10, 10, 10]
    assert run.available[1].tolist() == [10, 8, 6, 6, 6, 6]
    assert run.on_order[1].tolist() == [0, 2, 4, 4, 4, 4]


def test_reviews_come_at_the_end_of_every_r_th_period() -> None:
    run = simulate_base_stock(np.ones((1, 9)), [20.0], lead_time=[1], review_period=3)
    assert run.orders[0].tolist() == [0, 0, 3, 0, 0, 3, 0, 0, 3]


def test_lost_sales_are_lost() -> None:
    run = simulate_base_stock(np.full((1, 3), 7.0), [10.0], lead_time=[5], review_period=1)
    assert run.sales[0].tolist() == [7, 3, 0]
    assert run.unserved[0].tolist() == [0, 4, 7]
    assert run.orders[0].tolist() == [7, 3, 0]


@pytest.mark.parametrize(("lead", "review"), [([-1], 1), ([1], 0)])
def test_impossible_times(lead: list[int], review: int) -> None:
    with pytest.raises(ValueError, match="review_period must be 1 or more"):
        simulate_base_stock(np.ones((1, 3)), [1.0], lead, review)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), review=st.integers(1, 8))
def test_vectorised_equals_one_item_at_a_time_with_open_orders_in_a_list(seed: int, review: int) -> None:
    rng = np.random.default_rng(seed)
    items, periods = 4, 30
    demand = rng.poisson(3, (items, periods)).astype(float)
    level = rng.integers(5, 40, (items, periods)).astype(float)
    lead, pack = rng.integers(0, 6, items), rng.integers(1, 7, items)
    minimum, maximum = rng.integers(0, 6, items), rng.integers(6, 30, items)
    run = simulate_base_stock(demand, level, lead, review, pack_size=pack, minimum=minimum, maximum=maximum)
    for item in range(items):
        stock, open_orders = level[item, 0], []
        for now in range(periods):
            stock += sum(units for due, units in open_orders if due == now)
            open_orders = [(due, units) for due, units in open_orders if due > now]
            assert run.available[item, now] == stock
            sold = min(stock, demand[item, now])
            stock -= sold
            waiting = sum(units for _, units in open_orders)
            assert (run.sales[item, now], run.on_hand[item, now]) == (sold, stock)
            assert run.on_order[item, now] == waiting
            units = 0.0
            need = level[item, now] - stock - waiting
            if (now + 1) % review == 0 and need > 0:
                units = -(-max(need, minimum[item]) // pack[item]) * pack[item]
                units = min(units, maximum[item] // pack[item] * pack[item])
                units = units if units >= minimum[item] else 0.0
                open_orders.append((now + lead[item] + 1, units))
            assert run.orders[item, now] == units


def test_stock_adds_up() -> None:
    rng = np.random.default_rng(3)
    demand = rng.poisson(4, (50, 200)).astype(float)
    run = simulate_base_stock(demand, np.full(50, 60.0), rng.integers(1, 8, 50), 7, pack_size=6)
    arrived = run.available - np.concatenate([np.full((50, 1), 60.0), run.on_hand[:, :-1]], axis=1)
    assert (arrived >= 0).all()
    # At the end, what is open is what was ordered and has not arrived.
    still_open = run.orders[:, :-1].sum(axis=1) - arrived.sum(axis=1)
    assert still_open.tolist() == run.on_order[:, -1].tolist()
    assert np.array_equal(run.sales + run.unserved, demand)
