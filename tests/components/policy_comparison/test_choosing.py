"""Which policy plans: the forecast's, unless another is proven cheaper."""

from __future__ import annotations

import numpy as np

from components.policy_comparison.choosing import choose
from contracts.arrays import Floats

RNG = np.random.default_rng(0)
COST = RNG.gamma(2.0, 10.0, 300)
CLOSE = COST * RNG.uniform(0.5, 1.5, 300)


def chosen(forecast: Floats, model: Floats, base_stock: Floats) -> str:
    return choose(
        {"forecast_plan": forecast, "model": model, "base_stock": base_stock, "last_sales": 0 * COST}
    )


def test_the_cheapest_plans_if_it_is_proven_to_be() -> None:
    assert chosen(COST, 1.2 * COST, 1.3 * COST) == "forecast_plan"
    assert chosen(COST, 0.8 * COST, 1.3 * COST) == "model"
    assert chosen(COST, 1.2 * COST, 0.7 * COST) == "base_stock"
    assert chosen(COST, 0.8 * COST, 0.7 * COST) == "base_stock"


def test_what_may_be_chance_does_not_count() -> None:
    slightly = CLOSE * 0.995 * COST.sum() / CLOSE.sum()
    assert slightly.sum() < COST.sum()
    assert chosen(COST, slightly, 1.3 * COST) == "forecast_plan"


def test_without_anything_to_choose_by_the_forecast_plans() -> None:
    nothing = np.zeros(0)
    assert chosen(nothing, nothing, nothing) == "forecast_plan"
    assert chosen(0 * COST, 0 * COST, 0 * COST) == "forecast_plan"
