"""Lines of suppliers that take orders on some days only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from contracts.dates import to_date, weekday
from contracts.policies import Planned
from contracts.records.planning import Planning
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.order_days import order_day_note
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, scored

OPTIONS = PlanOptions()
TODAY, IN_THREE_DAYS = (1 << int(weekday(AS_OF + n)) for n in (0, 3))


def lines(policy: Planned, **columns: list[Any]) -> list[dict[str, Any]]:
    frame = replace(FRAME, planning=Planning(policy=policy))
    series = scored(3, supplier=["X", "X", None], **columns)
    position = stock_position(series, no_orders(), frame, OPTIONS)
    found = order_lines(series, mean_demand(series, frame), position, frame, OPTIONS).to_pylist()
    return [dict(line) for line in found]


@pytest.mark.parametrize("policy", get_args(Planned))
def test_an_order_waits_for_its_day_and_lasts_until_the_next_one(policy: Planned) -> None:
    off, on, any_day = lines(
        policy, order_weekdays=[IN_THREE_DAYS, TODAY | IN_THREE_DAYS, 0.0], review_period=[3, 3, 7]
    )
    assert (off["method"], off["replenishment_quantity"]) == ("none", 0)
    day = to_date(AS_OF + 3)
    assert off["reason"].startswith(f"no order day of X, which takes the next order on {day:%A}, {day}")
    assert off["rounding_adjustment"] == off["on_hand"] + off["on_order"]
    assert on["method"] == any_day["method"] == policy
    assert (on["protection_interval"], any_day["protection_interval"]) == (5, 9)
    if policy == "forecast_plan":
        # Two days of lead time and three or seven of a cycle, at two units a day.
        assert 4 <= on["replenishment_quantity"] < any_day["replenishment_quantity"] - 5


def test_the_plan_says_how_many_wait() -> None:
    series = scored(3, supplier=["X", "X", None], order_weekdays=[IN_THREE_DAYS, TODAY, None])
    said = order_day_note(series, FRAME)
    assert said == (
        f"1 of 3 series are not ordered on {to_date(AS_OF)}, no order day of their suppliers, such as S P0 of X"
    )
    assert order_day_note(scored(3), FRAME) == ""
