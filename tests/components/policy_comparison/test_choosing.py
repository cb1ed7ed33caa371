"""Which policy plans: the forecast's, unless another is proven cheaper."""

from __future__ import annotations

import numpy as np

from components.policy_comparison.choosing import Costs, choose, pooled, settle
from contracts.arrays import Floats
from contracts.policies import Planned

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


def test_a_policy_must_be_proven_cheaper_than_base_stock_or_refused() -> None:
    chance = CLOSE * COST.sum() / CLOSE.sum()

    def plans(policy: Planned, cost: Floats, most: float = 0.0) -> str:
        return settle(policy, {"base_stock": COST, policy: cost}, most)[0]

    assert plans("base_stock", COST) == "base_stock"
    assert plans("forecast_plan", 0.9 * COST) == "forecast_plan"
    assert plans("model", chance) == "base_stock"
    # For the gate to refuse, not to hide.
    assert plans("model", 1.2 * COST) == "model"
    # Who bears more cost than base stock's has it plan.
    assert plans("model", chance, most=0.5) == "model"
    assert settle("model", {"model": 0 * COST, "base_stock": 0 * COST}, 0.0) == ("model", None)
    _, proof = settle("model", {"base_stock": COST, "model": chance}, 0.0)
    assert proof is not None and proof.low < 0 < proof.high


def test_costs_of_both_periods_are_added_series_by_series() -> None:
    def period(names: list[tuple[str, str]], first: float) -> Costs:
        stores, products = zip(*names, strict=True)
        costs = first + np.arange(len(names), dtype=float)
        return Costs(
            np.array(stores),
            np.array(products),
            {"forecast_plan": costs, "model": 2 * costs, "base_stock": 0 * costs},
        )

    both = pooled([period([("a", "x"), ("a", "y")], 1.0), period([("b", "x"), ("a", "x")], 10.0)])
    assert both["forecast_plan"].tolist() == [1 + 11, 2, 10]
    assert both["model"].tolist() == [24, 4, 20] and both["base_stock"].tolist() == [0, 0, 0]
