"""Every policy that is compared, against the bound that none can beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from components.policy_comparison.closed_loop import RULES, Levels, costs_by_series, run_policies
from contracts.policies import BASE_STOCK, CLAIRVOYANT, MODEL
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
