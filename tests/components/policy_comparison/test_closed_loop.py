"""Every policy that is compared, against the bound that none can beat."""

from __future__ import annotations

import numpy as np
import pytest

from components.policy_comparison.closed_loop import RULES, Levels, costs_by_series, run_policies
from contracts.policies import BASE_STOCK, CLAIRVOYANT, MODEL
from inventory.simulation import review_periods
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
