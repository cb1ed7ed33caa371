"""Units that expire, against a shop that writes a date on each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lower_bound import clairvoyant_cost
from inventory.metrics import Money, costs, metrics
from inventory.policies import OrderUpTo
from inventory.shelf.aging import spread_over_ages
from inventory.simulation import Supply, Trajectory, simulate


@dataclass
class Made:
    """Some items, of which some expire, ordered up to a level."""

    seed: int
    review: int

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.demand = rng.poisson(3, (4, 25)).astype(float)
        self.life = rng.choice([np.nan, 1.0, 2.0, 3.0, 6.0, 40.0], 4)
        self.lead = rng.integers(0, 4, 4)
        self.stock = rng.integers(0, 25, 4).astype(float)
        self.coming = rng.integers(0, 6, (4, 3)).astype(float)
        self.level = rng.integers(3, 45, 4).astype(float)
        self.money = Money(rng.uniform(0.05, 1, 4), rng.uniform(0.5, 9, 4), rng.choice([np.nan, 2.0], 4))

    def run(self, life: bool = True) -> Trajectory:
        return simulate(
            self.demand,
            OrderUpTo(self.level),
            Supply(self.lead, shelf_life=self.life if life else None),
            self.review,
            initial_on_hand=self.stock,
            initial_on_order=self.coming,
            first_review=-1,
        )


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_each_unit_is_sold_or_wasted_on_its_day(seed: int, review: int) -> None:
    """A list of (last day, units) for each item: the first to expire is sold first."""
    made = Made(seed, review)
    run = made.run()
    wasted = np.zeros_like(run.sales) if run.wasted is None else run.wasted
    for i in range(4):
        life = made.life[i] if np.isfinite(made.life[i]) else 10**6
        parts = int(min(review, max(life - 1, 1)))
        shelf = [[max(life - 2 - n, 0), made.stock[i] / parts] for n in range(parts)]
        due = dict(enumerate(made.coming[i].tolist()))
        for now in range(-1, 25):
            if now >= 0:
                shelf.append([now + life - 1, due.pop(now, 0.0)])
                shelf.sort()
                rest = made.demand[i, now]
                for batch in shelf:
                    served = min(batch[1], rest)
                    batch[1], rest = batch[1] - served, rest - served
                assert run.unserved[i, now] == pytest.approx(rest)
                gone = sum(units for last, units in shelf if last <= now)
                shelf = [batch for batch in shelf if batch[0] > now]
                assert wasted[i, now] == pytest.approx(gone)
                assert run.on_hand[i, now] == pytest.approx(sum(units for _, units in shelf))
            if (now + 1) % review == 0 and now < 24:
                there = sum(units for _, units in shelf) + sum(due.values())
                order = max(np.ceil(made.level[i] - there - 1e-6), 0.0)
                due[now + made.lead[i] + 1] = due.get(now + made.lead[i] + 1, 0.0) + order
                assert (run.order_at_cutoff[i] if now < 0 else run.orders[i, now]) == pytest.approx(order)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_no_unit_appears_or_vanishes(seed: int, review: int) -> None:
    made = Made(seed, review)
    run = made.run()
    came = made.stock + made.coming.sum(axis=1) + run.order_at_cutoff + run.orders.sum(axis=1)
    gone = 0.0 if run.wasted is None else run.wasted.sum(axis=1)
    np.testing.assert_allclose(came, run.sales.sum(axis=1) + run.on_hand[:, -1] + run.on_order[:, -1] + gone)
    np.testing.assert_array_equal(run.sales + run.unserved, made.demand)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_nobody_is_cheaper_than_who_knows_all_demand(seed: int, review: int) -> None:
    made = Made(seed, review)
    bound = clairvoyant_cost(
        made.demand,
        made.lead,
        made.money.holding_cost,
        made.money.shortage_cost,
        review,
        initial_on_hand=made.stock,
        initial_on_order=made.coming,
        first_review=-1,
        expires=np.isfinite(made.life),
    )
    assert (costs(made.run(), made.money).total >= bound - 1e-9).all()


def test_what_keeps_for_good_is_as_if_nothing_expired() -> None:
    made = Made(3, 2)
    made.life = np.full(4, np.nan)
    assert made.run().wasted is None
    np.testing.assert_array_equal(made.run().on_hand, made.run(False).on_hand)
    made.life = np.full(4, 99.0)
    long = made.run()
    np.testing.assert_allclose(long.on_hand, made.run(False).on_hand)
    assert long.wasted is not None and not long.wasted.any()


def test_waste_costs_what_a_unit_cost_or_as_much_as_one_not_served() -> None:
    run = simulate(
        np.zeros((2, 3)),
        OrderUpTo([0.0, 0.0]),
        Supply(0, shelf_life=[2.0, 2.0]),
        1,
        initial_on_hand=[5.0, 4.0],
    )
    money = Money(np.array([0.1, 0.1]), np.array([7.0, 7.0]), np.array([3.0, np.nan]))
    assert costs(run, money).waste.tolist() == [15.0, 28.0]
    found = metrics(run, money, 1, 1)
    assert (found["units_wasted"], found["waste_cost"]) == (9.0, 43.0)
    assert found["total_cost"] == found["holding_cost"] + found["shortage_cost"] + 43.0


def test_stock_of_unknown_ages_came_as_orders_come() -> None:
    found = spread_over_ages(np.array([6.0, 6.0, 6.0]), np.array([4, 4, 1]), np.array([2, 9, 3]))
    assert found.tolist() == [[0.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 0.0], [6.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("life", [0.0, 1.5, -1.0])
def test_a_shelf_life_is_of_whole_periods(life: float) -> None:
    with pytest.raises(ValueError, match="shelf_life must be whole periods"):
        simulate(np.zeros((1, 2)), OrderUpTo([1.0]), Supply(0, shelf_life=[life]), 1, initial_on_hand=[1.0])
