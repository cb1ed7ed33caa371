"""Lines of orders that their suppliers would not take."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.arrays import Floats
from contracts.policies import Planned
from contracts.records.planning import Planning
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.minimum_value import unpriced_note
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import FRAME, scored

OPTIONS = PlanOptions()


def lines(
    policy: Planned = "forecast_plan", own: Floats | None = None, whole: bool = True, **columns: Any
) -> list[dict[str, Any]]:
    """Four lines: two of X and one of Y in store S, and one of X in store R."""
    frame = replace(FRAME, planning=Planning(policy=policy))
    series = scored(
        4,
        **{"store_id": ["S", "S", "S", "R"], "supplier": ["X", "X", "Y", "X"]} | columns,
    )
    position = stock_position(series, no_orders(), frame, OPTIONS)
    found = order_lines(series, mean_demand(series, frame), position, frame, OPTIONS, own, whole)
    return [dict(line) for line in found.to_pylist()]


def quantities(found: list[dict[str, Any]]) -> list[float]:
    return [line["replenishment_quantity"] for line in found]


@pytest.mark.parametrize("policy", get_args(Planned))
def test_an_order_is_raised_by_the_line_that_costs_least(policy: Planned) -> None:
    plain = lines(policy)
    least = 3.0 * (plain[0]["replenishment_quantity"] + plain[1]["replenishment_quantity"]) + 5
    # The second line's units are held for next to nothing.
    terms: dict[str, Any] = {
        "minimum_order_value": [least, least, least, None],
        "holding_cost": [1.0, 0.01, 1.0, 1.0],
    }
    bare, found = lines(policy, **terms | {"minimum_order_value": [None] * 4}), lines(policy, **terms)
    value = 3.0 * (bare[0]["replenishment_quantity"] + bare[1]["replenishment_quantity"])
    more = -(-(least - value) // 3.0)
    if more > 0:
        assert quantities(found)[:2] == [quantities(bare)[0], quantities(bare)[1] + more]
        assert (
            f"raised from {quantities(bare)[1]:g}: the order of X comes to {value:,.2f}" in found[1]["reason"]
        )
        assert "more, waiting" in found[1]["reason"]
    assert found[0]["reason"] == bare[0]["reason"]
    assert quantities(found)[3] == quantities(bare)[3]


def test_it_waits_where_next_to_nothing_is_missed() -> None:
    need: dict[str, Any] = {"on_hand": [15.0, 60.0, 60.0, 60.0], "minimum_order_value": [500.0] * 4}
    bare, found = lines(**need | {"minimum_order_value": [None] * 4}), lines(**need)
    assert quantities(bare)[0] > 0 and quantities(found) == [0, 0, 0, 0]
    assert found[0]["reason"].startswith("rounded") or "waits with" in found[0]["reason"]
    assert (
        f"waits with {quantities(bare)[0]:g} for the next review: the order of X comes to"
        in found[0]["reason"]
    )
    assert "less than its minimum_order_value of 500; " in found[0]["reason"]
    assert "waits" not in found[1]["reason"]
    assert found[0]["cost_one_pack_less"] is None


def test_what_people_order_stays_and_keeps_others_from_waiting() -> None:
    own = np.array([np.nan, 2.0, np.nan, np.nan])
    need: dict[str, Any] = {"on_hand": [15.0, 60.0, 60.0, 60.0], "minimum_order_value": [90.0] * 4}
    found = lines(own=own, **need)
    assert quantities(found)[0] * 3 + 2 * 3 >= 90
    assert "others of it are ordered anyway" in found[0]["reason"]


def test_what_would_be_held_back_is_not_ordered_for_it() -> None:
    own = np.array([np.nan, 2.0, np.nan, np.nan])
    found = lines(own=own, minimum_order_value=[9e5] * 4)
    assert quantities(found)[0] < 4 * 24
    assert "cannot be raised to it" in found[0]["reason"]


def test_what_has_no_unit_cost_counts_for_nothing_and_is_told() -> None:
    terms: dict[str, Any] = {
        "unit_cost": [None, 3.0, None, 3.0],
        "minimum_order_value": [20.0, 20.0, 20.0, None],
    }
    bare, found = lines(**terms | {"minimum_order_value": [None] * 4}), lines(**terms)
    assert quantities(found)[2] == quantities(bare)[2]  # of Y nothing is known
    series = scored(4, supplier=["X", "X", "Y", None], **terms)
    assert unpriced_note(series) == (
        "2 of 3 series whose suppliers have a minimum_order_value have no unit_cost, such as S P0 of X: they count for "
        "nothing of it"
    )
    assert unpriced_note(scored(4)) == ""


def test_a_line_by_itself_is_no_order() -> None:
    assert lines(whole=False, minimum_order_value=[9e5] * 4) == lines()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 40), min_size=4, max_size=4),
    st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=4, max_size=4),
    st.lists(st.integers(0, 28), min_size=4, max_size=4),
    st.integers(1, 300),
    st.sampled_from(get_args(Planned)),
)
def test_an_order_is_worth_enough_or_nothing_or_says_why(
    on_hand: list[float], cost: list[int | None], history: list[int], least: int, policy: Planned
) -> None:
    found = lines(
        policy,
        on_hand=on_hand,
        unit_cost=cost,
        history=history,
        minimum_order_value=[float(least)] * 4,
        pack_size=[1.0, 6.0, 2.5, 0.1],
    )
    for members in ((0, 1), (2,), (3,)):
        ordered = [i for i in members if quantities(found)[i] > 0]
        value = sum(quantities(found)[i] * (cost[i] or 0) for i in ordered)
        known = any(cost[i] is not None for i in ordered)
        assert (
            not known
            or value >= least - 1e-3
            or all("cannot be raised" in found[i]["reason"] for i in ordered)
        )
    for line in found:
        names = ("expected_demand", "safety_stock", "on_hand", "on_order", "rounding_adjustment")
        demand, safety, there, coming, rounding = (Decimal(repr(line[name])) for name in names)
        total = demand + safety - there - coming + rounding
        assert total == Decimal(repr(line["replenishment_quantity"]))
