"""The myopic order against brute force, against simulation period by period, and against textbook answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from inventory.lost_sales import Cycle, least_cost_order
from inventory.policies import OrderUpTo
from inventory.service_levels import critical_ratio
from inventory.simulation import Supply, simulate


def made(
    seed: int, items: int = 3, samples: int = 7, horizon: int = 6, review: int = 2, lead: int = 2
) -> Cycle:
    rng = np.random.default_rng(seed)
    paths = rng.integers(0, 9, (items, samples, horizon)).astype(float)
    return Cycle.of(
        paths,
        rng.integers(0, 12, items),
        rng.integers(0, 6, (items, 3)),
        lead,
        review,
        rng.uniform(0.05, 1.0, items),
        rng.uniform(0.5, 9.0, items),
    )


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 4))
def test_the_best_quantity_is_that_of_trying_all(seed: int, review: int, lead: int) -> None:
    cycle = made(seed, review=review, lead=lead)
    tried = np.stack([cycle.cost(np.full(3, float(units))) for units in range(60)])
    best = cycle.best()
    np.testing.assert_allclose(cycle.cost(best), tried.min(axis=0), rtol=1e-12, atol=1e-12)
    # Demand is of whole units, so that the least of the best quantities is whole too.
    assert best.tolist() == tried.round(9).argmin(axis=0).tolist()


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(0, 3))
def test_its_cost_is_that_of_the_simulation(seed: int, review: int, lead: int) -> None:
    rng = np.random.default_rng(seed)
    samples, horizon = 5, 8
    paths = rng.integers(0, 9, (1, samples, horizon)).astype(float)
    on_hand, arriving = rng.integers(0, 15), rng.integers(0, 6, lead)
    holding, shortage, quantity = 0.3, 2.0, float(rng.integers(0, 20))
    cycle = Cycle.of(paths, [on_hand], arriving[None], lead, review, [holding], [shortage])
    # Every path an item of its own, which orders once, before the first period.
    run = simulate(
        paths[0, :, : lead + review],
        OrderUpTo(np.full(samples, quantity + on_hand + arriving.sum())),
        Supply(lead),
        review_period=horizon + 9,
        initial_on_hand=np.full(samples, on_hand),
        initial_on_order=np.repeat(arriving[None], samples, axis=0) if lead else None,
        first_review=-1,
    )
    held, unserved = (part[:, lead:].sum(axis=1).mean() for part in (run.on_hand, run.unserved))
    assert cycle.cost([quantity])[0] == pytest.approx(holding * held + shortage * unserved)


def test_of_one_period_without_lead_time_it_is_the_newsvendor_quantity() -> None:
    """Snyder and Shen, section 4.3.2.1: the least quantity whose probability reaches the critical ratio."""
    holding, shortage = 1.0, 4.0
    demand = poisson(5).ppf((np.arange(4000) + 0.5) / 4000)
    cycle = Cycle.of(demand[None, :, None], [0.0], np.zeros((1, 0)), 0, 1, [holding], [shortage])
    assert cycle.best()[0] == poisson(5).ppf(critical_ratio(holding, shortage))


def test_what_runs_out_before_the_order_arrives_is_not_ordered() -> None:
    """A backorder level would cover all of the interval: 3 periods of 10, less the 5 on hand."""
    paths = np.full((1, 4, 3), 10.0)
    cycle = Cycle.of(paths, [5.0], np.zeros((1, 2)), 2, 1, [1.0], [9.0])
    assert cycle.best().tolist() == [10.0]


def test_free_holding_serves_the_largest_demand_and_free_shortage_none() -> None:
    paths = np.arange(8.0).reshape(1, 8, 1)
    assert Cycle.of(paths, [0.0], np.zeros((1, 0)), 0, 1, [0.0], [1.0]).best().tolist() == [7.0]
    assert Cycle.of(paths, [0.0], np.zeros((1, 0)), 0, 1, [1.0], [0.0]).best().tolist() == [0.0]
    dear = np.random.default_rng(0).uniform(0, 1e6, (1, 256, 7))
    most = dear.sum(axis=2).max()
    found = Cycle.of(dear, [0.0], np.zeros((1, 0)), 0, 7, [0.0], [123_456.7]).best()
    assert found[0] == pytest.approx(most)


def test_beyond_the_horizon_the_paths_begin_again() -> None:
    paths = np.random.default_rng(0).integers(0, 9, (2, 5, 3)).astype(float)
    stock, coming = np.array([7.0, 2.0]), np.array([[1.0, 2.0, 3.0, 0.0], [0.0, 0.0, 4.0, 1.0]])
    short = Cycle.of(paths, stock, coming, 4, 3, [1.0, 1.0], [2.0, 2.0])
    long = Cycle.of(np.tile(paths, (1, 1, 3)), stock, coming, 4, 3, [1.0, 1.0], [2.0, 2.0])
    np.testing.assert_array_equal(short.short, long.short)


@given(
    st.integers(0, 10_000), st.sampled_from([1.0, 2.5, 6.0]), st.sampled_from([0.0, 4.0, 13.0]), st.booleans()
)
def test_the_order_is_the_cheapest_of_all_that_can_be_ordered(
    seed: int, pack: float, least: float, capped: bool
) -> None:
    cycle = made(seed)
    most = 20.0 if capped else np.inf
    allowed = [0.0, *(pack * n for n in range(1, 60) if least <= pack * n <= most)]
    tried = np.stack([cycle.cost(np.full(3, units)) for units in allowed])
    order = least_cost_order(cycle, pack, least, most)
    assert set(order.tolist()) <= set(allowed)
    np.testing.assert_allclose(cycle.cost(order), tried.min(axis=0), rtol=1e-9, atol=1e-9)
    assert order.tolist() == [allowed[i] for i in tried.round(9).argmin(axis=0)]
