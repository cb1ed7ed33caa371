"""Whatever a feature space holds, both networks read all of their inputs."""

from __future__ import annotations

import pytest

from trainers.demand_forecasting.model import build_model as demand_model
from trainers.options import DemandOptions, ReplenishmentOptions
from trainers.replenishment_optimization.model import build_model as replenishment_model
from transforms.features import FeatureSpace

SPACES = {
    "daily": FeatureSpace(28, 14),
    "weekly": FeatureSpace(56, 6, period_days=7),
    "one week of each": FeatureSpace(1, 1, period_days=7),
    "externals": FeatureSpace(
        8,
        3,
        7,
        numeric_external=("rain",),
        text_external=("fair",),
        known_ahead=(("fair", 3), ("on_promotion", 2)),
    ),
}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_both_networks_are_built_with_a_weekday_where_periods_have_one(space: FeatureSpace) -> None:
    demand = demand_model(space, 20, DemandOptions())
    replenishment = replenishment_model(space, 20, ReplenishmentOptions())
    assert demand.output_shape == (None, space.horizon, len(DemandOptions().quantiles))
    assert replenishment.output_shape == (None, 2)
    for model in (demand, replenishment):
        assert ("weekday" in model.input) == (space.period_days == 1)
