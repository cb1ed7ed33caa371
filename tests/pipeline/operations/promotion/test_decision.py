"""What becomes of a challenger, figure by figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.records.promotion import PromotionDecision, PromotionFinding
from pipeline.operations.promotion.decision import Order, decide
from pipeline.orders.realised_accuracy.challenger import ScoredPlan
from pipeline.promotion_options import PromotionOptions
from tests.pipeline.operations.promotion.made_up import LAST, NOW, figures, plans

OPTIONS = PromotionOptions(mode="challenger")


def finding(decision: PromotionDecision, name: str) -> PromotionFinding:
    return next(found for found in decision.findings if found.name == name)


@pytest.mark.parametrize(
    ("changes", "action", "said"),
    [
        ({}, "wait", "cost +0."),
        ({"plans": plans(cheaper=0.2)}, "promote", "orders of pair 8 cost -20."),
        ({"plans": plans(cheaper=-0.2)}, "withdraw", "orders of pair 8 cost +20."),
        ({"pushed_at": NOW - timedelta(days=121)}, "withdraw", "pair 8 undecided after 121.0 periods, at most 120"),
        # What was shown goes before the time that is up.
        ({"plans": plans(cheaper=0.2), "pushed_at": NOW - timedelta(days=121)}, "promote", "cost -20."),
        ({"plans": ()}, "wait", "0 of 14 plans are scored"),
        ({"plans": plans(cheaper=0.2, count=15)}, "wait", "12 of 14 plans are scored in 3 whole block(s) of 4 periods"),
        # Of every plan too few series are known yet.
        ({"plans": plans(cheaper=0.2, scored=49)}, "wait", "0 of 14 plans are scored"),
        ({"newest_date": None}, "wait", "0 of 14 plans are scored"),
    ],
)  # fmt: skip
def test_what_decides(changes: dict[str, Any], action: str, said: str) -> None:
    decision = decide(figures(**changes), OPTIONS, NOW)
    assert decision.action == action and said in decision.said
    assert (decision.champion, decision.challenger, decision.ordered_by) == (7, 8, None)


CANARY = PromotionOptions(mode="challenger", canary_stores=0.2)


def canary(**changes: Any) -> PromotionDecision:
    """Of 40 plans of 4 stores that the challenger orders for, beside 40 of all stores at the same costs."""
    found = {"canary": tuple(replace(plan, lines=20, scored=20) for plan in plans(seed=2)), "stores": 4}
    return decide(figures(**found | changes), CANARY, NOW)


def biased(own: float, other: float = 0.0, noise: int = 7) -> tuple[ScoredPlan, ...]:
    """Forecasts that are so much too high, of 500 units a plan; each seventh plan a little more."""
    return tuple(
        replace(
            plan,
            challenger_forecast=500 * (1 + own) + (4 if i % noise == 0 else 0),
            champion_forecast=500 * (1 + other),
        )
        for i, plan in enumerate(plans(seed=2))
    )


@pytest.mark.parametrize(
    ("changes", "action", "said"),
    [
        ({}, "wait", "cost +0."),
        ({"canary": ()}, "wait", "cost +0."),
        ({"canary": plans(cheaper=-0.2)}, "withdraw", "in the 4 store(s) that pair 8 orders for, its orders cost +20."),
        ({"canary": plans(cheaper=0.2)}, "wait", "cost +0."),
        # What is ordered goes before what would be, and does not wait for least_periods.
        ({"canary": plans(cheaper=-0.2), "plans": plans(cheaper=0.2)}, "withdraw", "in the 4 store(s)"),
        ({"canary": plans(cheaper=-0.2), "plans": ()}, "withdraw", "in the 4 store(s)"),
        ({"canary": biased(0.2)}, "withdraw", "its bias is +20.1%, the champion's +0.0%"),
        ({"canary": biased(-0.2)}, "withdraw", "its bias is -19.9%, the champion's +0.0%"),
        ({"canary": biased(0.05)}, "wait", "cost +0."),
        # It mends the champion's.
        ({"canary": biased(0.0, -0.2)}, "wait", "cost +0."),
        ({"canary": plans(cheaper=-0.2, scored=49)}, "wait", "cost +0."),
    ],
)  # fmt: skip
def test_what_came_in_its_own_stores_withdraws_it(changes: dict[str, Any], action: str, said: str) -> None:
    decision = canary(**changes)
    assert decision.action == action and said in decision.said
    assert [found.name for found in decision.findings[:2]] == ["canary_cost", "canary_bias"]


def test_where_it_orders_for_no_store_its_stores_are_not_weighed() -> None:
    dear = figures(canary=plans(cheaper=-0.2), stores=4)
    decision = decide(dear, OPTIONS, NOW)
    assert decision.action == "wait"
    assert not {found.name for found in decision.findings} & {"canary_cost", "canary_bias"}


def test_an_order_stands_above_every_figure() -> None:
    dear = figures(plans=plans(cheaper=-0.2))
    for action in ("promote", "withdraw"):
        decision = decide(dear, OPTIONS, NOW, Order("kim", action, "the fair begins"))
        assert decision.action == action and decision.ordered_by == "kim"
        assert decision.said == "ordered by kim: the fair begins"
        assert finding(decision, "dearer").crossed, "what speaks against it is kept too"


def test_a_block_counts_once_all_of_it_is_known() -> None:
    """Plans on 40 days in blocks of 4: the last block ends 4 days before the newest sales, and just so counts."""
    whole = decide(figures(), OPTIONS, NOW)
    assert finding(whole, "scored").value == 40
    a_day_less = decide(figures(newest_date=LAST - timedelta(days=1)), OPTIONS, NOW)
    assert finding(a_day_less, "scored").value == 36
    # A day without a plan is one less, and no other block.
    missed = figures(plans=plans()[:5] + plans()[6:])
    assert finding(decide(missed, OPTIONS, NOW), "scored").value == 39


def test_weekly_plans_are_blocks_of_weeks() -> None:
    weekly = figures(period_days=7, plans=plans(cheaper=0.2, days=7), pushed_at=NOW - timedelta(days=7 * 50))
    decision = decide(weekly, PromotionOptions(mode="challenger", least_periods=6, most_periods=52), NOW)
    assert decision.action == "promote"
    assert finding(decision, "scored").said.endswith("in 10 whole block(s) of 4 periods")
    assert finding(decision, "undecided").value == pytest.approx(50)


def test_errors_are_shown_and_decide_nothing() -> None:
    decision = decide(figures(), OPTIONS, NOW)
    for name, own, other in (("accuracy", 0.28, 0.3), ("bias", -0.02, 0.02)):
        found = finding(decision, name)
        assert found.value == pytest.approx(own) and found.bound == pytest.approx(other) and not found.crossed


@given(st.floats(-0.5, 0.5), st.integers(2, 60), st.integers(0, 99), st.floats(0.001, 0.45))
def test_the_same_costs_with_the_pairs_exchanged_end_the_other_way(
    cheaper: float, count: int, seed: int, error: float
) -> None:
    options = replace_options(error)
    there = plans(cheaper, count, seed=seed)
    back = tuple(
        replace(plan, champion_cost=plan.challenger_cost, challenger_cost=plan.champion_cost)
        for plan in there
    )
    first, second = (decide(figures(plans=found), options, NOW).action for found in (there, back))
    assert second == {"promote": "withdraw", "withdraw": "promote", "wait": "wait"}[first]


def replace_options(error: float) -> PromotionOptions:
    return PromotionOptions(mode="challenger", false_promotions=error, most_periods=10**3)
