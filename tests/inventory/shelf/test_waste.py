"""Orders of units that expire, along paths, against the simulation and against trying all quantities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.arrays import Floats
from inventory.expectations import expectations
from inventory.forecast_plan import Forecast, ForecastPlan, Terms, forecast_orders
from inventory.lost_sales import Cycle, least_cost_order
from inventory.metrics import Money, costs
from inventory.paths import independent_scores
from inventory.policies import OrderUpTo
from inventory.simulation import Supply, Trajectory, simulate

HOLDING, SHORTAGE, WASTE = 0.3, 2.5, 1.5


class Made:
    """One item, whose cycle is carried along some paths."""

    def __init__(self, seed: int, lead: int, review: int, life: int) -> None:
        rng = np.random.default_rng(seed)
        self.paths = rng.integers(0, 7, (1, 6, lead + max(life, review))).astype(float)
        self.lead, self.review, self.life = lead, review, life
        self.on_hand = float(rng.integers(0, 12))
        self.arriving = rng.integers(0, 6, (1, lead)).astype(float)
        self.cycle = Cycle.of(
            self.paths, [self.on_hand], self.arriving, lead, review, [HOLDING], [SHORTAGE], 0.0, life, [WASTE]
        )

    def live(self, quantity: float) -> Trajectory:
        """Each path an item of its own, at which the order arrives after its lead time, and no other does."""
        samples = self.paths.shape[1]
        coming = np.concatenate(
            [np.repeat(self.arriving, samples, axis=0), np.full((samples, 1), quantity)], axis=1
        )
        return simulate(
            self.paths[0],
            OrderUpTo(np.zeros(samples)),
            Supply(0, shelf_life=float(self.life)),
            self.review,
            initial_on_hand=np.full(samples, self.on_hand),
            initial_on_order=coming,
        )


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(1, 4), st.integers(1, 7), st.integers(0, 25))
def test_its_cost_is_that_of_the_simulation(seed: int, lead: int, review: int, life: int, units: int) -> None:
    made = Made(seed, lead, review, life)
    run, none = made.live(float(units)), made.live(0.0)
    assert run.wasted is not None and none.wasted is not None
    inside = slice(lead, lead + min(review, life))
    held, lost = (part[:, inside].sum(axis=1).mean() for part in (run.on_hand, run.unserved))
    until = slice(0, lead + life)
    wasted = (run.wasted - none.wasted)[:, until].sum(axis=1).mean()
    assert made.cycle.wasted([float(units)])[0] == pytest.approx(wasted)
    expected = HOLDING * held + SHORTAGE * lost + WASTE * wasted
    assert made.cycle.cost([float(units)])[0] == pytest.approx(expected)
    assert made.cycle.ran_out_before[0].tolist() == (run.unserved[:, :lead] > 0).any(axis=1).tolist()
    found = expectations(made.cycle, np.array([float(units)]))
    assert found.expected_waste[0] == pytest.approx(wasted)
    assert found.expected_lost_sales[0] == pytest.approx(lost)


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(0, 3),
    st.integers(1, 4),
    st.integers(1, 7),
    st.sampled_from([1.0, 3.0]),
)
def test_the_best_quantity_is_that_of_trying_all(
    seed: int, lead: int, review: int, life: int, pack: float
) -> None:
    cycle = Made(seed, lead, review, life).cycle
    tried = [cycle.cost([float(units)])[0] for units in range(60)]
    # Of ages that are in equal parts, the best quantity need not be whole.
    best = cycle.best()
    assert cycle.cost(best)[0] <= min(tried) + 1e-9
    assert cycle.cost(best - 0.01)[0] >= cycle.cost(best)[0] - 1e-9 or not best[0]
    whole = least_cost_order(cycle, pack)
    assert cycle.cost(whole)[0] == pytest.approx(min(tried[:: int(pack)]))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(1, 4))
def test_what_outlives_all_demand_is_ordered_as_if_it_kept_for_good(
    seed: int, lead: int, review: int
) -> None:
    made = Made(seed, lead, review, 60)
    plain = Cycle.of(made.paths, [made.on_hand], made.arriving, lead, review, [HOLDING], [SHORTAGE])
    np.testing.assert_allclose(made.cycle.short, plain.short)
    assert made.cycle.best()[0] == pytest.approx(plain.best()[0])


def terms(life: Floats) -> Terms:
    ones = np.ones(len(life))
    bounds = ones, 0 * ones, np.nan * ones
    return Terms(np.ones(len(life), np.int64), 0.05 * ones, 3 * ones, *bounds, 0.0, life, 2 * ones)


def test_items_that_expire_are_planned_beside_those_that_keep() -> None:
    levels, scores = (0.1, 0.5, 0.9), independent_scores(8)
    quantiles = np.broadcast_to(3 * np.array([0.3, 1.0, 1.9]), (3, 8, 3))
    forecast = Forecast(levels, quantiles, scores)
    life = np.array([2.0, np.nan, 400.0])
    found = forecast_orders(forecast, np.zeros(3), np.zeros((3, 2)), terms(life), 5)
    assert found.quantity[0] < 0.6 * found.quantity[1]
    assert found.quantity[1] == found.quantity[2]


def test_a_plan_that_knows_of_it_wastes_and_costs_less() -> None:
    items, periods, review = 60, 120, 4
    demand = np.random.default_rng(0).poisson(1.2, (items, periods)).astype(float)
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    quantiles = np.broadcast_to(np.array([0.0, 0.5, 1.0, 2.0, 3.2]), (items, 12, 5))
    life = np.full(items, 5.0)
    forecasts = [Forecast(levels, quantiles, independent_scores(12))] * periods
    money = Money(0.05 * np.ones(items), 3 * np.ones(items), 2 * np.ones(items))

    def lived(known: Floats) -> Trajectory:
        return simulate(
            demand,
            ForecastPlan(forecasts, terms(known)),
            Supply(1, shelf_life=life),
            review,
            initial_on_hand=np.full(items, 3.0),
            first_review=-1,
        )

    aware, blind = lived(life), lived(np.full(items, np.nan))
    assert aware.wasted is not None and blind.wasted is not None
    assert aware.wasted.sum() < 0.8 * blind.wasted.sum()
    assert costs(aware, money).total.sum() < costs(blind, money).total.sum()
