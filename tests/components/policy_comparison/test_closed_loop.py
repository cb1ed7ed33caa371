"""Every policy that is compared, against the bound that none can beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.policy_comparison.closed_loop import RULES, Levels, costs_by_series, report, run_policies
from contracts.policies import BASE_STOCK, CLAIRVOYANT, MODEL
from inventory.forecast_plan import Forecast
from inventory.paths import independent_scores
from inventory.suppliers.schedule import review_periods
from tests.components.policy_comparison.held import held_of


@pytest.mark.parametrize("seed", range(20))
def test_no_policy_is_cheaper_than_the_clairvoyant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items, periods, review = 6, 20, int(rng.integers(1, 6))
    held = held_of(
        rng,
        items,
        periods,
        review,
        on_hand=rng.choice([np.nan, 0.0, 9.0], items),
        on_order=rng.choice([np.nan, 4.0], items),
        lead_time=rng.integers(0, 5, items),
        pack_size=rng.choice([0.5, 1.0, 6.0], items),
        minimum=rng.choice([0.0, 4.0], items),
        maximum=rng.choice([np.nan, 24.0], items),
        holding_cost=rng.uniform(0.1, 2, items),
        shortage_cost=rng.uniform(0.5, 9, items),
        presentation_stock=rng.choice([0.0, 5.0], items),
        shelf_capacity=rng.choice([np.nan, 12.0], items),
        shelf_life=rng.choice([np.nan, 2.0, 5.0], items),
        unit_cost=rng.choice([np.nan, 1.0], items),
    )
    reviews = len(review_periods(periods, review, -1))
    levels = {
        MODEL: Levels(rng.uniform(0, 40, (items, reviews)), rng.uniform(0, 20, (items, reviews))),
        BASE_STOCK: Levels(rng.uniform(0, 40, (items, reviews))),
    }

    runs = run_policies(held, levels, review)

    assert set(runs) == {MODEL, BASE_STOCK, *RULES}
    costs = costs_by_series(held, runs, levels[BASE_STOCK].up_to[:, 0], review)
    for name in runs:
        assert (costs[name] >= costs[CLAIRVOYANT] - 1e-9).all(), name


def test_a_presentation_stock_is_no_stock_that_policies_live_by() -> None:
    rng, levels = np.random.default_rng(0), {BASE_STOCK: Levels(np.full((3, 5), 30.0))}
    kept = np.array([0.0, 4.0, 9.0])
    above = held_of(rng, 3, 10, 2, on_hand=np.array([20.0, 16.0, 11.0]))
    whole = replace(above, on_hand=np.full(3, 20.0), presentation_stock=kept)
    for name, run in run_policies(whole, levels, 2).items():
        np.testing.assert_array_equal(run.on_hand, run_policies(above, levels, 2)[name].on_hand, err_msg=name)


def test_no_policy_orders_more_than_the_shelf_has_room_for() -> None:
    rng = np.random.default_rng(1)
    held = held_of(rng, 4, 20, 2, on_hand=np.zeros(4), lead_time=np.zeros(4, np.int64))
    narrow = replace(held, shelf_capacity=np.full(4, 8.0), presentation_stock=np.full(4, 2.0))
    levels = {BASE_STOCK: Levels(np.full((4, 10), 30.0))}
    for name, run in run_policies(narrow, levels, 2).items():
        assert run.available.max() <= 6.0, name
        assert run_policies(held, levels, 2)[name].available.max() > 6.0 or name == "last_sales"


def test_orders_are_worth_what_their_suppliers_ask_for_or_wait() -> None:
    rng = np.random.default_rng(3)
    held = held_of(
        rng,
        6,
        24,
        3,
        store_id=np.array(["S", "S", "S", "R", "R", "R"]),
        supplier=np.array(["X", "X", "", "X", "X", "Y"], object),
        unit_cost=np.array([2.0, 3.0, 2.0, 2.0, np.nan, 2.0]),
        minimum_order_value=np.array([60.0, 60.0, np.nan, 60.0, 60.0, 0.0]),
    )
    levels = {BASE_STOCK: Levels(np.full((6, 8), 20.0))}
    quantiles = 3.0 * np.broadcast_to([0.5, 1.0, 1.5], (6, 5, 3))
    forecasts = {"forecast_plan": [Forecast((0.1, 0.5, 0.9), quantiles, independent_scores(5))] * 8}
    runs = run_policies(held, levels, 3, forecasts)
    assert set(runs) == {BASE_STOCK, "forecast_plan", *RULES}
    for name, run in runs.items():
        orders = np.concatenate([run.order_at_cutoff[:, None], run.orders], axis=1)
        for lines in ([0, 1], [3]):
            value = (orders[lines] * held.unit_cost[lines][:, None]).sum(axis=0)
            assert ((value == 0) | (value >= 60 - 1e-6)).all(), name
            assert value.any(), name
        assert (orders[2] > 0).any() and (orders[5] > 0).any()
    costs = costs_by_series(held, runs, levels[BASE_STOCK].up_to[:, 0], 3)
    for name in runs:
        assert (costs[name] >= costs[CLAIRVOYANT] - 1e-9).all(), name
    # With a forecast orders are raised, which costs less than to wait at each review.
    free = run_policies(replace(held, minimum_order_value=np.full(6, np.nan)), levels, 3, forecasts)
    assert runs["forecast_plan"].orders[:2].sum() > 0 and not np.array_equal(
        free["forecast_plan"].orders[:2], runs["forecast_plan"].orders[:2]
    )
    np.testing.assert_array_equal(free["forecast_plan"].orders[5], runs["forecast_plan"].orders[5])


def test_what_expires_is_wasted_and_paid_for_by_every_policy() -> None:
    rng = np.random.default_rng(5)
    held = held_of(rng, 5, 21, 3, shelf_life=np.array([3.0, 4, 5, np.nan, 400]), unit_cost=np.full(5, 2.0))
    levels = {BASE_STOCK: Levels(np.full((5, 7), 25.0))}
    quantiles = 3.0 * np.broadcast_to([0.3, 1.0, 1.9], (5, 8, 3))
    forecasts = {"forecast_plan": [Forecast((0.1, 0.5, 0.9), quantiles, independent_scores(8))] * 7}
    runs = run_policies(held, levels, 3, forecasts)
    found = report(held, runs, 3, 1)
    for name, run in runs.items():
        assert run.wasted is not None and not run.wasted[3:].any(), name
        assert found[name]["waste_cost"] == pytest.approx(2 * run.wasted.sum()), name
        total = sum(found[name][part] for part in ("holding_cost", "shortage_cost", "waste_cost"))
        assert found[name]["total_cost"] == pytest.approx(total), name
    keeps = run_policies(replace(held, shelf_life=np.full(5, np.nan)), levels, 3, forecasts)
    for name, run in keeps.items():
        assert run.wasted is None
        np.testing.assert_allclose(run.on_hand[3:], runs[name].on_hand[3:], atol=1e-9, err_msg=name)
