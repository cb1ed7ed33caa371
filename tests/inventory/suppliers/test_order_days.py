"""Order days against the calendar of Python, day by day, and simulations of items that differ in them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.dates import to_days
from inventory.lower_bound import clairvoyant_cost
from inventory.metrics import Money, costs
from inventory.policies import LastSales, OrderUpTo
from inventory.simulation import Supply, simulate
from inventory.suppliers.order_days import days_since_last, days_to_next, longest_gap, takes_orders
from inventory.suppliers.schedule import Schedule

DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))


@given(st.sets(st.integers(0, 6), min_size=1), DAYS)
def test_days_are_those_of_the_calendar(weekdays: set[int], day: date) -> None:
    taken, days = sum(1 << k for k in weekdays), to_days(day)
    assert takes_orders(taken, days) == (day.weekday() in weekdays)
    ahead = next(n for n in range(1, 8) if (day + timedelta(n)).weekday() in weekdays)
    back = next(n for n in range(1, 8) if (day - timedelta(n)).weekday() in weekdays)
    assert [int(days_to_next(taken, days, 99)), int(days_since_last(taken, days, 99))] == [ahead, back]
    order = sorted(weekdays)
    gaps = [b - a for a, b in zip(order, [*order[1:], order[0] + 7], strict=True)]
    assert longest_gap(taken, 99) == max(gaps)


def test_where_any_day_will_do_it_is_the_review_period_that_counts() -> None:
    assert takes_orders([0, 0], 20_000).tolist() == [True, True]
    for found in (
        days_to_next([0, 1], 20_000, 9),
        days_since_last([0, 1], 20_000, 9),
        longest_gap([0, 1], 9),
    ):
        assert found.tolist()[0] == 9 and 1 <= found.tolist()[1] <= 7


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), DAYS, st.booleans())
def test_each_item_is_ordered_as_if_it_were_alone(seed: int, review: int, cutoff: date, told: bool) -> None:
    """In one simulation of items with order days of their own, and one after the other, by hand."""
    rng = np.random.default_rng(seed)
    items, periods = 4, 25
    taken = np.where(rng.random(items) < 0.3, 0, rng.integers(1, 128, items))
    day = to_days(cutoff)
    schedule = Schedule.of(taken, day, periods, review, list(range(-1, periods - 1)) if told else None)
    demand, lead = rng.poisson(3, (items, periods)).astype(float), rng.integers(0, 4, items)
    stock, level = rng.integers(0, 20, items).astype(float), rng.integers(5, 40, items).astype(float)
    before = rng.poisson(3, (items, max(review, 7))).astype(float)
    runs = {
        kind: simulate(demand, policy, Supply(lead), review, initial_on_hand=stock, schedule=schedule)
        for kind, policy in (("level", OrderUpTo(level)), ("sold", LastSales(before)))
    }
    for i in range(items):
        own = [
            now
            for now in range(-1, periods - 1)
            if (
                (now + 1) % review == 0
                if not taken[i]
                else taken[i] >> (cutoff + timedelta(now + 1)).weekday() & 1
            )
        ]
        for kind, run in runs.items():
            left, coming, sold = stock[i], dict[int, float](), list(before[i])
            for now in range(-1, periods):
                if now >= 0:
                    left += coming.pop(now, 0.0)
                    served = min(left, demand[i, now])
                    left -= served
                    sold.append(served)
                ordered = 0.0
                if now in own:
                    k = own.index(now)
                    gap = (
                        now - own[k - 1]
                        if k
                        else _gap_before(cutoff + timedelta(now + 1), int(taken[i]), review)
                    )
                    wanted = level[i] - left - sum(coming.values()) if kind == "level" else sum(sold[-gap:])
                    ordered = max(np.ceil(wanted - 1e-9), 0.0)
                    coming[now + lead[i] + 1] = coming.get(now + lead[i] + 1, 0.0) + ordered
                assert (run.order_at_cutoff[i] if now < 0 else run.orders[i, now]) == ordered
                if now >= 0:
                    assert run.on_hand[i, now] == left
    money = Money(np.full(items, 0.3), np.full(items, 2.0), np.full(items, np.nan))
    terms = (lead, money.holding_cost, money.shortage_cost, review)
    bound = clairvoyant_cost(demand, *terms, initial_on_hand=stock, schedule=schedule)
    for run in runs.values():
        assert (costs(run, money).total >= bound - 1e-9).all()


def _gap_before(day: date, taken: int, review: int) -> int:
    if not taken:
        return review
    return next(n for n in range(1, 8) if taken >> (day - timedelta(n)).weekday() & 1)


def test_the_cycle_of_an_order_ends_on_the_next_order_day() -> None:
    monday = to_days(date(2024, 1, 1))
    # Monday and Thursday, and any day, every five; the cutoff is a Monday.
    found = Schedule.of(np.array([0b1001, 0]), monday, 9, 5)
    assert found.periods == [-1, 2, 4, 6]
    assert found.own.tolist() == [[True, True, False, True], [True, False, True, False]]
    assert found.cycle[0, [0, 1, 3]].tolist() == [3, 4, 3]
    assert found.since[0, [0, 1, 3]].tolist() == [4, 3, 4]
    assert found.cycle[1].tolist() == found.since[1].tolist() == [5] * 4


@pytest.mark.parametrize(("taken", "reviews"), [([0], None), ([0], [-1, 1, 3])])
def test_without_order_days_it_is_the_regular_one(taken: list[int], reviews: list[int] | None) -> None:
    found = Schedule.of(np.array(taken), 20_000, 6, 2, reviews)
    assert found.periods == [-1, 1, 3] and found.own.all()
