"""The gate as a whole: what it stops, by which check, and that nothing passes unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.model_gate.judging import DEMAND, REPLENISHMENT, Evaluation, Simulated, judge
from components.model_gate.options import GateOptions

SERIES = 200
RNG = np.random.default_rng(1)
BASE = RNG.gamma(2.0, 10.0, SERIES)
GOOD = 0.8 * BASE * RNG.uniform(0.9, 1.1, SERIES)
COVERAGE = {"0.1": {"below": 0.05, "at_most": 0.15}, "0.5": {"below": 0.45, "at_most": 0.55}}


def case(**changes: Any) -> dict[str, Any]:
    """A pair that every check lets through."""
    slices = {"store_id=A": {"skill_seasonal_naive": 0.2}, "category=x": {"skill_seasonal_naive": 0.1}}
    demand = {"skill_seasonal_naive": 0.3, "wape": 0.40, "wape_diff": 0.0}
    replenishment = {"skill_base_stock": 0.2, "newsvendor_cost": 1.0, "newsvendor_cost_diff": -0.1}
    return {
        "demand": Evaluation(demand, slices),
        "replenishment": Evaluation(replenishment),
        "coverage": COVERAGE,
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
    assert all(check.value is not None and check.threshold is not None for check in found)
    assert {check.model for check in found} == {DEMAND, REPLENISHMENT}


def test_each_weakness_is_stopped_by_its_own_check() -> None:
    demand, simulated = case()["demand"], case()["simulated"]
    naive = Evaluation(dict(demand.figures) | {"skill_seasonal_naive": -0.01}, demand.slices)
    assert stops(demand=naive) == [(DEMAND, "skill against seasonal naive")]
    slipped = Evaluation(dict(demand.figures) | {"wape": 0.42, "wape_diff": 0.02}, demand.slices)
    assert stops(demand=slipped) == [(DEMAND, "wape against the incumbent, relative")]
    one_bad = Evaluation(demand.figures, dict(demand.slices) | {"store_id=B": {"skill_seasonal_naive": -0.5}})
    assert stops(demand=one_bad) == [(DEMAND, "skill against seasonal naive in the worst store_id")]
    off = COVERAGE | {"0.5": {"below": 0.7, "at_most": 0.8}}
    assert stops(coverage=off) == [(DEMAND, "distance of quantile 0.5 from its coverage")]
    dear = Simulated(simulated.policies, dict(simulated.costs) | {"model": 1.01 * BASE, "incumbent": BASE})
    assert stops(simulated=dear) == [(REPLENISHMENT, "simulated cost against base stock, upper end")]
    outdone = Simulated(simulated.policies, dict(simulated.costs) | {"incumbent": 0.7 * GOOD})
    assert stops(simulated=outdone) == [(REPLENISHMENT, "simulated cost against the incumbent, lower end")]
    empty_shelf = Simulated(dict(simulated.policies) | {"model": {"fill_rate": 0.90}}, simulated.costs)
    assert [check for _, check in stops(simulated=empty_shelf)] == [
        "simulated fill rate lost against base stock",
        "simulated fill rate lost against incumbent",
    ]


def without_incumbent() -> dict[str, Any]:
    whole = case()
    demand = {"skill_seasonal_naive": 0.3, "wape": 0.40}
    replenishment = {"skill_base_stock": 0.2, "newsvendor_cost": 1.0}
    simulated = whole["simulated"]
    return {
        "demand": Evaluation(demand, whole["demand"].slices),
        "replenishment": Evaluation(replenishment),
        "simulated": replace(
            simulated, policies={k: v for k, v in simulated.policies.items() if k != "incumbent"}
        ),
    }


@pytest.mark.parametrize(("reason", "told"), [("", "no pair has been blessed"), ("new shops", "new shops")])
def test_without_an_incumbent_the_decision_is_on_record(reason: str, told: str) -> None:
    found = judge(**case(**without_incumbent(), re_baseline=reason))
    assert not [check for check in found if check.verdict == "stop"]
    decided = [check for check in found if check.value is None]
    assert len(decided) == 3 and all(told in check.reason for check in decided)


def test_what_is_missing_never_passes() -> None:
    simulated = case()["simulated"]
    assert stops(demand=Evaluation({})) != []
    assert (DEMAND, "calibration") in stops(coverage={})
    no_base = replace(simulated, policies={k: v for k, v in simulated.policies.items() if k != "base_stock"})
    assert (REPLENISHMENT, "simulated cost against the base_stock") in stops(simulated=no_base)
    nothing = Simulated(simulated.policies, {name: np.zeros(0) for name in simulated.costs})
    assert len(stops(simulated=nothing)) == 2


def test_what_tfma_alone_refuses_is_a_reason_too() -> None:
    refused = replace(case()["replenishment"], refusals=("wape: the slice is missing",))
    assert stops(replenishment=refused) == [(REPLENISHMENT, "TFMA's validation")]
