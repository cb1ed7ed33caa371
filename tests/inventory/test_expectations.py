"""What orders are expected to come to, against every path lived through day by day."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from inventory.expectations import Expectations, expectations, expectations_of_orders
from inventory.forecast_plan import Forecast, Terms
from inventory.lost_sales import Cycle, least_cost_order
from inventory.paths import independent_scores, sample_paths

HOLDING, SHORTAGE = 0.25, 3.0


def cycle_of(
    paths: list[list[float]], on_hand: float, arriving: list[float], lead: int, review: int
) -> Cycle:
    """Of a single item."""
    demand, coming = np.array(paths, dtype=float)[None], np.array(arriving, dtype=float)[None]
    return Cycle.of(demand, [on_hand], coming, lead, review, [HOLDING], [SHORTAGE])


def lived(
    paths: list[list[float]], on_hand: float, arriving: list[float], lead: int, review: int, quantity: float
) -> tuple[float, float, float, float, float]:
    """Probability of running out before and after the arrival, units lost and left, cost; one path after the other."""
    before = after = lost = left = cost = 0.0
    for path in paths:
        stock, early, late = on_hand, False, False
        for day, units in enumerate(path[: lead + review]):
            stock += arriving[day] if day < len(arriving) else 0.0
            stock += quantity if day == lead else 0.0
            unserved = max(units - stock, 0.0)
            stock = max(stock - units, 0.0)
            if day < lead:
                early |= unserved > 0
            else:
                late |= unserved > 0
                lost += unserved
                cost += HOLDING * stock + SHORTAGE * unserved
        before, after, left = before + early, after + late, left + stock
    count = len(paths)
    return before / count, after / count, lost / count, left / count, cost / count


UNITS = st.integers(0, 9).map(float)


@given(st.data(), st.integers(0, 3), st.integers(1, 4), UNITS, st.integers(0, 30).map(float))
def test_they_are_those_of_living_through_every_path(
    data: st.DataObject, lead: int, review: int, on_hand: float, quantity: float
) -> None:
    paths = data.draw(
        st.lists(st.lists(UNITS, min_size=lead + review, max_size=lead + review), min_size=1, max_size=6)
    )
    arriving = data.draw(st.lists(UNITS, min_size=lead + 1, max_size=lead + 1))
    found = expectations(cycle_of(paths, on_hand, arriving, lead, review), [quantity], 4.0)
    said = [getattr(found, field.name)[0] for field in fields(Expectations)]
    assert said[:5] == pytest.approx(lived(paths, on_hand, arriving, lead, review, quantity))
    assert said[5] == pytest.approx(lived(paths, on_hand, arriving, lead, review, quantity + 4)[-1])
    if quantity > 0:
        fewer = max(quantity - 4, 0)
        assert said[6] == pytest.approx(lived(paths, on_hand, arriving, lead, review, fewer)[-1])
    else:
        assert np.isnan(said[6])


@pytest.mark.parametrize(
    ("quantity", "least", "most", "fewer", "further"),
    [
        (12, 0, np.nan, 8, 16),
        (12, 10, 15, 0, None),  # 8 are below the minimum: without an order
        (12, 8, 16, 8, 16),
        (0, 0, np.nan, None, 4),
        (0, 10, np.nan, None, 12),  # the smallest order
        (0, 10, 11, None, None),  # nothing can be ordered
        (3, 0, np.nan, 0, 7),  # a person's own quantity
        (3, 10, np.nan, 0, 12),
        (50, 0, 20, 46, None),
    ],
)
def test_one_pack_more_and_less_are_what_could_be_ordered(
    quantity: float, least: float, most: float, fewer: float | None, further: float | None
) -> None:
    cycle = cycle_of([[9.0, 7.0], [3.0, 8.0], [0.0, 1.0]], 2.0, [0.0], 0, 2)
    found = expectations(cycle, [quantity], 4.0, least, most)
    for units, cost in ((fewer, found.cost_one_pack_less), (further, found.cost_one_pack_more)):
        expected = np.nan if units is None else cycle.cost([units])[0]
        np.testing.assert_allclose(cost, [expected], equal_nan=True)


@given(st.integers(0, 10_000), st.sampled_from([1.0, 2.5, 6.0]), st.sampled_from([0.0, 4.0, 13.0]))
def test_units_balance_and_the_least_cost_order_is_no_dearer_than_a_pack_more_or_less(
    seed: int, pack: float, least: float
) -> None:
    rng = np.random.default_rng(seed)
    paths = rng.gamma(1.0, 4.0, (5, 9, 6)) * rng.integers(0, 2, (5, 9, 6))
    cycle = Cycle.of(
        paths, rng.uniform(0, 12, 5), np.zeros((5, 1)), 2, 3, rng.uniform(0.05, 1, 5), rng.uniform(0.5, 9, 5)
    )
    quantity = least_cost_order(cycle, pack, least)
    found = expectations(cycle, quantity, pack, least)
    for other in (found.cost_one_pack_more, found.cost_one_pack_less):
        assert np.all(~(found.expected_cost > other * (1 + 1e-9) + 1e-9))
    asked = cycle.short[:, :, -1].mean(axis=1)
    np.testing.assert_allclose(
        found.expected_lost_sales - found.expected_leftover, asked - quantity, atol=1e-9
    )
    more = expectations(cycle, quantity + pack, pack, least)
    assert np.all(more.stockout_probability <= found.stockout_probability)
    assert np.all(more.expected_lost_sales <= found.expected_lost_sales)
    np.testing.assert_array_equal(more.lead_time_stockout_probability, found.lead_time_stockout_probability)


def test_of_poisson_demand_they_are_those_of_the_distribution() -> None:
    """The survival function and the loss function, as scipy has them."""
    demand = poisson(5).ppf((np.arange(20_000) + 0.5) / 20_000)
    found = expectations(
        Cycle.of(demand[None, :, None], [0.0], np.zeros((1, 0)), 0, 1, [HOLDING], [SHORTAGE]), [7.0]
    )
    lost = poisson(5).expect(lambda units: np.maximum(units - 7.0, 0.0))
    assert found.lead_time_stockout_probability[0] == 0
    assert found.stockout_probability[0] == pytest.approx(poisson(5).sf(7), abs=1e-3)
    assert found.expected_lost_sales[0] == pytest.approx(lost, abs=2e-3)
    assert found.expected_leftover[0] == pytest.approx(7 - 5 + lost, abs=2e-3)


def test_certain_demand_for_all_that_is_there_runs_out_of_nothing() -> None:
    """Paths are means of quantiles, and may lie a rounding beyond what they are means of."""
    points = np.full((1, 6, 3), 0.1 + 0.2)
    paths = sample_paths([0.1, 0.5, 0.9], points, independent_scores(6))
    cycle = Cycle.of(paths, [0.6], np.zeros((1, 1)), 2, 4, [HOLDING], [SHORTAGE])
    found = expectations(cycle, [1.2])
    assert (found.lead_time_stockout_probability[0], found.stockout_probability[0]) == (0, 0)


def test_each_item_is_judged_as_if_it_were_alone() -> None:
    rng = np.random.default_rng(0)
    lead, levels, scores = np.array([2, 0, 2, 4, 0]), [0.1, 0.5, 0.9], independent_scores(5)
    quantiles = np.cumsum(rng.uniform(0, 4, (5, 5, 3)), axis=2)
    terms = Terms(
        lead,
        rng.uniform(0.1, 1, 5),
        rng.uniform(1, 9, 5),
        np.full(5, 4.0),
        np.zeros(5),
        np.array([np.nan, 8, 8, 8, 8]),
    )
    on_hand, arriving, quantity = rng.uniform(0, 9, 5), rng.integers(0, 5, (5, 6)) * 1.0, np.arange(5) * 4.0
    forecast = Forecast(levels, quantiles, scores)
    found = expectations_of_orders(forecast, quantity, on_hand, arriving, terms, 2)
    for i in range(5):
        one = np.array([i])
        alone = terms.of(one)
        cycle = Cycle.of(
            sample_paths(levels, quantiles[one], scores),
            on_hand[one],
            arriving[one],
            int(lead[i]),
            2,
            alone.holding_cost,
            alone.shortage_cost,
        )
        mine = expectations(cycle, quantity[one], alone.pack_size, alone.minimum, alone.maximum)
        for field in fields(Expectations):
            np.testing.assert_allclose(getattr(found, field.name)[one], getattr(mine, field.name))
    with pytest.raises(ValueError, match="pack_size"):
        expectations_of_orders(
            forecast, quantity, on_hand, arriving, replace(terms, pack_size=np.zeros(5)), 2
        )
