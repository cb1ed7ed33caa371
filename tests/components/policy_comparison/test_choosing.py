"""Which policy plans: the forecast's, unless another is proven cheaper."""

from __future__ import annotations

import numpy as np

from components.policy_comparison.choosing import choose, is_proven
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


def test_over_the_test_period_it_must_be_proven_cheaper_than_base_stock_or_refused() -> None:
    costs = {
        "base_stock": COST,
        "cheap": 0.9 * COST,
        "chance": CLOSE * COST.sum() / CLOSE.sum(),
        "dear": 1.2 * COST,
    }
    assert is_proven("base_stock", costs, 0.0)
    assert is_proven("forecast_plan", costs | {"forecast_plan": costs["cheap"]}, 0.0)
    assert not is_proven("model", costs | {"model": costs["chance"]}, 0.0)
    # For the gate to refuse, not to hide.
    assert is_proven("model", costs | {"model": costs["dear"]}, 0.0)
    # Who bears more cost than base stock's has it plan.
    assert is_proven("model", costs | {"model": costs["chance"]}, 0.5)
    assert is_proven("model", {"model": 0 * COST, "base_stock": 0 * COST}, 0.0)
