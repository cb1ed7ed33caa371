"""The gate as a whole: what it stops, by which check, and that nothing passes unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.model_gate.judging import Coverage, Evaluation, Simulated, judge
from components.model_gate.options import GateOptions
from components.model_gate.slices import SeriesErrors
from contracts.arrays import Floats
from contracts.models import DEMAND, REPLENISHMENT
from inventory.paired_ratio import Interval

SERIES = 200
RNG = np.random.default_rng(1)
BASE = RNG.gamma(2.0, 10.0, SERIES)
GOOD = 0.8 * BASE * RNG.uniform(0.9, 1.1, SERIES)
COVERAGE = {
    "0.1": {"level": 1.0, "below_at_level": 0.05, "at_most_at_level": 0.15},
    "0.5": {"level": 1.0, "below_at_level": 0.45, "at_most_at_level": 0.55},
}


STORE = np.where(np.arange(SERIES) < 40, "B", "A")
ERRORS = SeriesErrors(GOOD, BASE, {"store_id": STORE, "category": np.full(SERIES, "x")})


def case(**changes: Any) -> dict[str, Any]:
    """A pair that every check lets through."""
    demand = {"skill_seasonal_naive": 0.3, "wape": 0.40, "wape_diff": 0.0}
    replenishment = {"skill_base_stock": 0.2, "cycle_cost": 1.0, "cycle_cost_diff": -0.1}
    return {
        "demand": Evaluation(demand),
        "replenishment": Evaluation(replenishment),
        "errors": ERRORS,
        "coverage": Coverage(COVERAGE, COVERAGE),
        "simulated": Simulated(
            {name: {"fill_rate": 0.97} for name in ("model", "base_stock", "incumbent")},
            {"model": GOOD, "base_stock": BASE, "incumbent": GOOD},
        ),
        "options": GateOptions(),
        **changes,
    }


def stops(**changes: Any) -> list[tuple[str, str]]:
    return [(check.model, check.check) for check in judge(**case(**changes)) if check.verdict == "stop"]


def test_a_good_pair_is_blessed_and_every_figure_is_on_record() -> None:
    assert stops() == []
    found = judge(**case())
    decided = [check.check for check in found if check.value is None or check.threshold is None]
    # It plans by the replenishment model, and is proven cheaper than base stock.
    assert decided == [
        "calibration of sums over the protection interval",
        "simulated fill rate lost against base stock",
    ]
    assert {check.model for check in found} == {DEMAND, REPLENISHMENT}


def test_each_weakness_is_stopped_by_its_own_check() -> None:
    demand, simulated = case()["demand"], case()["simulated"]
    naive = Evaluation(dict(demand.metrics) | {"skill_seasonal_naive": -0.01})
    assert stops(demand=naive) == [(DEMAND, "skill against seasonal naive")]
    slipped = Evaluation(dict(demand.metrics) | {"wape": 0.42, "wape_diff": 0.02})
    assert stops(demand=slipped) == [(DEMAND, "wape against the incumbent, relative")]
    one_bad = replace(ERRORS, model=np.where(STORE == "B", 2.0, 1.0) * ERRORS.model)
    assert stops(errors=one_bad) == [
        (DEMAND, "skill against seasonal naive in the worst store_id, upper end")
    ]
    off = COVERAGE | {"0.5": {"level": 1.0, "below_at_level": 0.7, "at_most_at_level": 0.8}}
    assert stops(coverage=Coverage(off, COVERAGE)) == [(DEMAND, "distance of quantile 0.5 from its coverage")]
    dear = Simulated(simulated.policies, dict(simulated.costs) | {"model": 1.01 * BASE, "incumbent": BASE})
    assert stops(simulated=dear) == [(REPLENISHMENT, "simulated cost against base stock, upper end")]
    outdone = Simulated(simulated.policies, dict(simulated.costs) | {"incumbent": 0.7 * GOOD})
    assert stops(simulated=outdone) == [(REPLENISHMENT, "simulated cost against the incumbent, lower end")]
    empty_shelf = Simulated(dict(simulated.policies) | {"model": {"fill_rate": 0.90}}, simulated.costs)
    assert stops(simulated=empty_shelf) == [(REPLENISHMENT, "simulated fill rate lost against incumbent")]


@pytest.mark.parametrize(("cheaper", "stopped"), [(0.2, False), (0.0, True), (-0.02, True)])
def test_service_may_be_given_away_to_base_stock_only_for_a_proven_lower_cost(
    cheaper: float, stopped: bool
) -> None:
    simulated = case(**without_incumbent())["simulated"]
    empty_shelf = Simulated(
        dict(simulated.policies) | {"model": {"fill_rate": 0.90}},
        dict(simulated.costs) | {"model": (1 - cheaper) * BASE},
    )
    found = stops(
        **without_incumbent() | {"simulated": empty_shelf, "options": GateOptions(base_stock_cost=0.05)}
    )
    assert found == [(REPLENISHMENT, "simulated fill rate lost against base stock")] * stopped


@pytest.mark.parametrize(
    ("cheaper", "below", "stopped"),
    [(0.2, 0.65, False), (0.0, 0.65, True), (0.2, 0.71, True), (None, 0.65, True), (None, 0.59, False)],
)
def test_quantiles_may_lie_twice_as_far_off_only_where_their_orders_are_proven_cheaper(
    cheaper: float | None, below: float, stopped: bool
) -> None:
    simulated = case()["simulated"]
    if cheaper is not None:
        simulated = planned_by_forecast((1 - cheaper) * BASE, incumbent=BASE)
    off = COVERAGE | {"0.5": {"level": 1.0, "below_at_level": below, "at_most_at_level": below + 0.05}}
    assert stops(coverage=Coverage(off, COVERAGE), simulated=simulated) == [
        (DEMAND, "distance of quantile 0.5 from its coverage")
    ] * int(stopped)


def test_sums_are_judged_where_the_orders_follow_from_them() -> None:
    off = Coverage(
        COVERAGE, COVERAGE | {"0.5": {"level": 1.0, "below_at_level": 0.75, "at_most_at_level": 0.8}}
    )
    assert stops(coverage=off) == []
    by_forecast = planned_by_forecast(0.8 * BASE, incumbent=BASE)
    assert stops(coverage=off, simulated=by_forecast) == [
        (DEMAND, "distance of quantile 0.5 of the sum over the protection interval from its coverage")
    ]
    base_stock = replace(case()["simulated"], planning="base_stock")
    asked = {check.check: check.reason for check in judge(**case(coverage=off, simulated=base_stock))}
    assert asked["calibration of sums over the protection interval"].endswith("plans by base stock")
    assert asked["simulated cost against base stock, upper end"] == "not asked: the pair plans by it"


def planned_by_forecast(forecast: Floats, **others: Floats) -> Simulated:
    """A pair that plans by its forecast, whose network orders at base stock's cost."""
    costs = {"model": BASE, "forecast_plan": forecast, "base_stock": BASE} | others
    return Simulated({name: {"fill_rate": 0.97} for name in costs}, costs, "forecast_plan")


def test_only_the_policy_that_plans_has_to_be_good() -> None:
    bad = Evaluation(
        {"skill_base_stock": -0.5, "cycle_cost": 2.0}, {"cycle_cost": "cycle_cost: TFMA refuses it"}
    )
    good = planned_by_forecast(GOOD, incumbent=GOOD)
    assert stops(simulated=good, replenishment=bad) == []
    asked = {check.check: check.reason for check in judge(**case(simulated=good, replenishment=bad))}
    assert asked["skill against base stock"] == "not asked: the pair plans by the forecast plan"
    dear = planned_by_forecast(1.01 * BASE, incumbent=1.01 * BASE)
    assert stops(simulated=dear) == [(REPLENISHMENT, "simulated cost against base stock, upper end")]
    assert stops(simulated=planned_by_forecast(GOOD, incumbent=0.7 * GOOD)) == [
        (REPLENISHMENT, "simulated cost against the incumbent, lower end")
    ]


def test_what_is_proven_cheaper_is_not_refused_for_one_order_from_a_made_up_shelf() -> None:
    metrics = {**case()["replenishment"].metrics, "skill_base_stock": -0.02}
    refused = {"skill_base_stock": "skill_base_stock: value -0.02, lowest allowed 0"}
    evaluation = Evaluation(metrics, refused)
    assert stops(replenishment=evaluation) == []
    (skill,) = (c for c in judge(**case(replenishment=evaluation)) if c.check == "skill against base stock")
    assert skill.reason == "not asked: -0.02, but proven to be cheaper in the simulation"
    # What TFMA says of anything else still counts.
    other = Evaluation(metrics, {**refused, "wape": "wape: the slice is missing"})
    (check,) = (c for c in judge(**case(replenishment=other)) if c.verdict == "stop")
    assert (check.check, check.reason) == ("TFMA's validation", "wape: the slice is missing")
    # Neither is asked where nothing is proven, be it by the test period or by more than it.
    equal = replace(case()["simulated"], costs={"model": BASE, "base_stock": BASE, "incumbent": BASE})
    dear = replace(case()["simulated"], proof=Interval(0.01, -0.01, 0.03))
    for simulated in (equal, dear):
        assert (REPLENISHMENT, "skill against base stock") in stops(
            replenishment=evaluation, simulated=simulated
        )
    assert stops(replenishment=Evaluation({"cycle_cost": 1.0, "cycle_cost_diff": 0.0})) != []


@pytest.mark.parametrize("other", ["reorder_point", "last_sales"])
def test_no_policy_without_a_model_may_be_proven_cheaper(other: str) -> None:
    for cheaper, refused in ((0.9, True), (1.0, False), (1.3, False)):
        simulated = planned_by_forecast(GOOD, **{"incumbent": GOOD, other: cheaper * GOOD})
        check = f"simulated cost against {other.replace('_', ' ')}, lower end"
        wanted = [(REPLENISHMENT, check)] if refused else []
        assert stops(simulated=simulated) == wanted
    # By chance alone one of two that are as good comes out ahead.
    noise = np.random.default_rng(3).permutation(GOOD)
    assert stops(simulated=planned_by_forecast(GOOD, incumbent=GOOD, **{other: noise})) == []
    # Which of the pair's own two is cheaper is for the weeks before to say.
    assert stops(simulated=planned_by_forecast(GOOD, incumbent=GOOD, model=0.5 * GOOD)) == []


def without_incumbent() -> dict[str, Any]:
    whole = case()
    demand = {"skill_seasonal_naive": 0.3, "wape": 0.40}
    replenishment = {"skill_base_stock": 0.2, "cycle_cost": 1.0}
    simulated = whole["simulated"]
    return {
        "demand": Evaluation(demand),
        "replenishment": Evaluation(replenishment),
        "simulated": replace(
            simulated, policies={k: v for k, v in simulated.policies.items() if k != "incumbent"}
        ),
    }


@pytest.mark.parametrize(
    ("reason", "expected"), [("", "no pair has been blessed"), ("new shops", "new shops")]
)
def test_without_an_incumbent_the_decision_is_on_record(reason: str, expected: str) -> None:
    found = judge(**case(**without_incumbent(), re_baseline=reason))
    assert not [check for check in found if check.verdict == "stop"]
    said = [check for check in found if check.value is None and expected in check.reason]
    assert len(said) == 3


def test_what_is_missing_never_passes() -> None:
    simulated = case()["simulated"]
    assert stops(demand=Evaluation({})) != []
    assert (DEMAND, "calibration") in stops(coverage=Coverage({}, COVERAGE))
    no_base = replace(simulated, policies={k: v for k, v in simulated.policies.items() if k != "base_stock"})
    assert (REPLENISHMENT, "simulated cost against the base_stock") in stops(simulated=no_base)
    unseen = SeriesErrors(np.zeros(0), np.zeros(0), dict.fromkeys(ERRORS.slices, np.zeros(0, object)))
    assert len(stops(errors=unseen)) == 2
    nothing = Simulated(simulated.policies, {name: np.zeros(0) for name in simulated.costs})
    assert len(stops(simulated=nothing)) == 2


def test_what_tfma_alone_refuses_is_a_reason_too() -> None:
    refused = replace(case()["replenishment"], refusals={"wape": "wape: the slice is missing"})
    assert stops(replenishment=refused) == [(REPLENISHMENT, "TFMA's validation")]
