"""What each policy is told at the reviews of a period."""

from __future__ import annotations

import numpy as np
import pytest

from components.policy_comparison.reviews import Paths, Reviews
from contracts.arrays import Arrays, Floats
from contracts.policies import PLANNING, Planned
from inventory.suppliers.schedule import review_periods
from tests.components.policy_comparison.held import held_of

ITEMS, PERIODS, REVIEW, HORIZON = 4, 9, 3, 5
LEVELS = (0.1, 0.5, 0.9)


def reviews(**incumbent: float) -> Reviews:
    """Constant levels and forecasts, as many units as each is given."""
    shape = ITEMS, len(review_periods(PERIODS, REVIEW, -1))

    def quantiles(units: float) -> Floats:
        return units * np.broadcast_to([0.5, 1.0, 1.5], (*shape, HORIZON, 3))

    asked: Arrays = {
        "model": np.full(shape, 20.0),
        "base_stock": np.full(shape, 12.0),
        "quantiles": quantiles(3.0),
    }
    if incumbent:
        asked |= {"incumbent": np.full(shape, incumbent["level"])}
        asked |= {"incumbent_quantiles": quantiles(incumbent["units"])}
    held = held_of(np.random.default_rng(0), ITEMS, PERIODS, REVIEW, lead_time=np.array([0, 1, 1, 2]))
    return Reviews(held, asked, Paths.of(LEVELS, (), HORIZON), REVIEW)


def test_every_policy_lives_through_the_period() -> None:
    found = reviews()
    runs = found.run("forecast_plan")
    assert set(runs) == {*PLANNING, "reorder_point", "last_sales"}
    costs = found.costs(runs)
    assert set(costs) == {*runs, "clairvoyant"}
    for name in runs:
        assert (costs[name] >= costs["clairvoyant"] - 1e-9).all(), name


@pytest.mark.parametrize("planning", PLANNING)
def test_the_incumbent_orders_by_the_policy_that_plans(planning: Planned) -> None:
    """By its own models: as the candidate does where these say the same, otherwise not."""
    alike = reviews(level=20.0, units=3.0).run(planning)
    np.testing.assert_array_equal(alike["incumbent"].available, alike[planning].available)
    other = reviews(level=40.0, units=6.0).run(planning)
    differs = not np.array_equal(other["incumbent"].available, other[planning].available)
    assert differs == (planning != "base_stock")


def test_paths_without_a_correlation_are_those_of_independent_periods() -> None:
    independent, joint = Paths.of(LEVELS, (), 3), Paths.of(LEVELS, (1.0, 0.6, 0.4), 3)
    near = [np.corrcoef(paths.scores[:, 0], paths.scores[:, 1])[0, 1] for paths in (independent, joint)]
    assert near == pytest.approx([0.0, 0.6], abs=0.05)
