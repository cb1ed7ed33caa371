"""What people changed in a plan, against the rows that a plan leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import psycopg
import pytest

from contracts.records.checks import FeatureCheck
from pipeline.orders.plan_acts import acts_recorded
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, Accepted
from pipeline.orders.planning_run import begin_planning, keep_checks
from store.audit import read_trail

DAY = date(2026, 3, 7)
FESTIVAL, FAIR = (60.0, "festival", "kim", None), (80.0, "a fair", "lou", date(2026, 4, 1))
Override = tuple[float, str, str, date | None]


def check(verdict: str, by: str = "") -> FeatureCheck:
    return FeatureCheck.model_validate(
        {
            "check": "drift", "value": 0.3, "threshold": 0.1, "margin": -0.2, "verdict": verdict, "reason": "moved",
            "feature": "unit_price", "rows": (), "waived_by": by,
        }
    )  # fmt: skip


@pytest.fixture
def planner(writer: psycopg.Connection) -> psycopg.Connection:
    writer.execute("INSERT INTO plans VALUES (%s, now(), 1, 1, '{}', 1, 1, 1, 1)", [DAY])
    return writer


def plan(
    planner: psycopg.Connection,
    override: Override | None = None,
    accepted_by: str | None = None,
    checks: Sequence[FeatureCheck] = (),
    accepted: Accepted = NOTHING_ACCEPTED,
) -> list[tuple[str, ...]]:
    """Plans the day with one line; what the trail has of it more than before, the oldest first."""
    before = len(read_trail(planner))
    with acts_recorded(planner, DAY, Path("/nowhere"), checks, accepted):
        planner.execute("DELETE FROM order_lines")
        planner.execute(
            "INSERT INTO order_lines (as_of, store_id, product_id, expected_demand, safety_stock, on_hand, on_order, "
            "rounding_adjustment, replenishment_quantity, override_quantity, override_reason, override_by, "
            "override_until, order_quantity, method, reason, protection_interval, arrival, held, accepted_by, "
            "stockout_probability) VALUES (%s, 'S01', 'P0001', 20, 0, 0, 0, 0, 20, %s, %s, %s, %s, 20, 'model', '', "
            "1, %s, 'far too much', %s, 0)",
            [DAY, *(override or (None,) * 4), DAY, accepted_by],
        )
    acts = read_trail(planner)
    new = acts[: len(acts) - before]
    return [
        (act["action"], act["subject"], act["acted_by"], act["reason"], act["detail"])
        for act in reversed(new)
    ]


def test_an_override_is_an_act_when_it_is_new_another_or_gone(planner: psycopg.Connection) -> None:
    made = ("override", "S01:P0001", "kim", "festival", "60 units instead of 20")
    assert plan(planner) == []
    assert plan(planner, FESTIVAL) == [made]
    assert plan(planner, FESTIVAL) == [], "the same plan once more"
    other = ("override", "S01:P0001", "lou", "a fair", "80 units instead of 20, until 2026-04-01")
    assert plan(planner, FAIR) == [other]
    assert plan(planner, FESTIVAL) == [made], "back again is an act again"
    gone = ("take_back_override", "S01:P0001", "plan", "", "no longer the 60 units of kim")
    assert plan(planner) == [gone]


def test_a_held_line_that_somebody_accepts_is_an_act(planner: psycopg.Connection) -> None:
    assert plan(planner, accepted_by="kim") == [("accept", "S01:P0001", "kim", "far too much", "20 units")]
    assert plan(planner, accepted_by="kim") == []


def test_a_check_that_somebody_accepts_is_an_act(planner: psycopg.Connection) -> None:
    accepted = Accepted(("drift",), "kim")
    checks = [check("stop"), check("warn"), check("pass")]
    assert plan(planner, checks=checks, accepted=accepted) == [
        ("accept", "drift of unit_price", "kim", "moved", "")
    ]


def test_a_plan_that_breaks_off_leaves_no_act(planner: psycopg.Connection) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        acts_recorded(planner, DAY, Path("/nowhere"), [check("stop")], Accepted(("all",), "kim")),
    ):
        raise KeyboardInterrupt
    assert read_trail(planner) == []


def test_a_waived_check_is_an_act_of_its_planning_run_once(writer: psycopg.Connection) -> None:
    begin_planning(writer, "20260101T050000Z-1", 1)
    for _ in range(2):
        keep_checks(writer, "20260101T050000Z-1", "data", [check("waived", "lou"), check("stop")])
    (act,) = read_trail(writer)
    assert (act["action"], act["subject"], act["acted_by"]) == ("waive", "drift of unit_price", "lou")
    assert (act["reason"], act["occasion"]) == ("moved", "planning run 20260101T050000Z-1")
