"""The cycle of one order against the simulation, period by period."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.cycle import capped_order, first_shelf, outcome, realised_cost
from inventory.forecast_plan import Terms
from inventory.periods import step

UNITS = st.floats(0, 50)


@given(
    demand=st.lists(UNITS, min_size=8, max_size=8),
    on_hand=UNITS,
    quantity=st.floats(0, 200),
    lead=st.integers(0, 4),
    review=st.integers(1, 4),
)
def test_it_is_what_the_order_of_events_comes_to(
    demand: list[float], on_hand: float, quantity: float, lead: int, review: int
) -> None:
    found = outcome(np.array([demand]), np.array([on_hand]), np.array([quantity]), lead, review)
    stock, left, lost = np.array([on_hand]), 0.0, 0.0
    for period in range(lead + review):
        events = step(stock, quantity if period == lead else 0.0, demand[period])
        stock = events.on_hand
        if period >= lead:
            left, lost = left + stock[0], lost + events.unserved[0]
    assert found.left[0] == pytest.approx(left, abs=1e-9)
    assert found.lost[0] == pytest.approx(lost, abs=1e-9)
    assert found.demanded[0] == pytest.approx(sum(demand[lead : lead + review]))
    assert found.cost(np.array([0.2]), np.array([3.0]))[0] == pytest.approx(0.2 * left + 3 * lost, abs=1e-9)


def test_each_item_has_its_own_lead_time() -> None:
    demand = np.array([[1.0, 2.0, 4.0, 8.0]] * 2)
    found = outcome(demand, np.zeros(2), np.array([3.0, 3.0]), np.array([[0], [2]]), np.array([[2], [2]]))
    # The first sells 1 and 2; the second loses those, sells 3 of 4, and none of 8.
    assert found.left.tolist() == [2, 0]
    assert found.lost.tolist() == [0, 9]


def test_the_shelf_lasts_until_the_order_arrives() -> None:
    assert first_shelf(np.array([[1.0, 2.0, 4.0]] * 2), np.array([0, 2])).tolist() == [0, 3]


def test_an_order_is_up_to_the_level_and_no_more_than_the_largest() -> None:
    orders = capped_order(np.array([10.0, 10.0, 2.0]), np.array([99.0, 4.0, 4.0]), np.full(3, 3.0))
    assert orders.tolist() == [7, 4, 0]


def terms(lead: list[int], **more: object) -> Terms:
    count, random = len(lead), np.random.default_rng(3)
    money = random.uniform(0.01, 1.0, count), random.uniform(1.0, 9.0, count)
    return Terms(np.array(lead), *money, np.ones(count), np.zeros(count), np.full(count, np.nan), **more)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), min_size=1, max_size=12), st.integers(0, 2**32)
)
def test_what_orders_cost_is_each_ones_cycle_along_its_own_demand(
    times: list[tuple[int, int]], seed: int
) -> None:
    random = np.random.default_rng(seed)
    lead, review = (list(part) for part in zip(*times, strict=True))
    demand = random.poisson(3.0, (len(times), 9)).astype(float)
    shelf, order = random.uniform(0, 15, len(times)), random.integers(0, 30, len(times)).astype(float)
    given_terms = terms(lead)
    found = realised_cost(demand, shelf, order, given_terms, np.array(review))
    expected = outcome(demand, shelf, order, np.array(lead), np.array(review))
    assert found == pytest.approx(expected.cost(given_terms.holding_cost, given_terms.shortage_cost))


def test_what_expires_is_paid_for() -> None:
    """Ten units that keep two days, three wanted a day, ordered for three days: four expire, and three are missed."""
    made = terms([0], shelf_life=np.array([2.0]), waste_cost=np.array([5.0]))
    found = realised_cost(np.full((1, 3), 3.0), np.zeros(1), np.array([10.0]), made, np.array([3]))
    held = 7.0  # at the end of the first day; at the end of the second the rest is waste
    assert found[0] == pytest.approx(made.holding_cost[0] * held + 5.0 * 4)
