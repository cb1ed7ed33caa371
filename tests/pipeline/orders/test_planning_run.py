"""What the store says of planning runs, however they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from contracts.errors import DataRejected, Problem, UserError
from contracts.records.checks import FeatureCheck, Verdict
from pipeline.orders.planning_run import begin_planning, close_planning, recorded
from pipeline.workspace import new_run_id
from store.connections import Connections, connect
from tests.pipeline.lived_in import LivedIn

FIRST, SECOND = "20260101T050000Z-1", "20260102T050000Z-2"


def check(verdict: Verdict) -> FeatureCheck:
    return FeatureCheck(
        check="drift",
        value=0.3,
        threshold=0.1,
        margin=-0.2,
        verdict=verdict,
        reason="moved",
        feature="unit_price",
        rows=(),
    )


@pytest.fixture
def reader(store: Connections) -> Iterator[psycopg.Connection]:
    with connect(store.writer) as connection:
        connection.execute("DELETE FROM planning_runs")
        connection.commit()
        connection.autocommit = True
        yield connection
        connection.execute("DELETE FROM planning_runs")


def row(reader: psycopg.Connection, planning_id: str) -> dict[str, Any]:
    cursor = reader.execute("SELECT * FROM planning_runs WHERE planning_id = %s", [planning_id])
    (found,) = cursor.fetchall()
    return dict(zip([column.name for column in cursor.description or ()], found, strict=True))


def test_a_plan_is_running_until_it_is_made(store: Connections, reader: psycopg.Connection) -> None:
    with recorded(store, FIRST, 1) as found:
        assert (row(reader, FIRST)["status"], row(reader, FIRST)["ended"]) == ("running", None)
        found.as_of, found.checks, found.lines, found.held = date(2026, 1, 1), [check("warn")], 12, 1
    made = row(reader, FIRST)
    assert (made["status"], made["reasons"], made["as_of"]) == ("planned", [], date(2026, 1, 1))
    assert (made["lines"], made["held"], made["period_days"]) == (12, 1, 1)
    assert made["ended"] > made["began"]
    checks = reader.execute("SELECT gate, subject, value, margin, verdict FROM planning_checks").fetchall()
    assert checks == [("newest_rows", "unit_price", 0.3, -0.2, "warn")]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (DataRejected([Problem("sales_data.csv", "r", "is wrong", "Mend it.")]), "refused_data", "is wrong"),
        (UserError("ask otherwise"), "failed", "ask otherwise"),
        (RuntimeError(), "failed", "RuntimeError"),
        (KeyboardInterrupt(), "failed", "stopped by hand"),
    ],
)
def test_whatever_ends_it_is_on_record(
    store: Connections, reader: psycopg.Connection, error: BaseException, status: str, reason: str
) -> None:
    def plan() -> None:
        with recorded(store, FIRST, 7) as found:
            found.checks = [check("stop")]
            raise error

    with pytest.raises(type(error)):
        plan()
    ended = row(reader, FIRST)
    assert ended["status"] == status and ended["ended"] is not None and ended["lines"] is None
    assert len(ended["reasons"]) == 1 and reason in ended["reasons"][0]
    assert reader.execute("SELECT verdict FROM planning_checks").fetchall() == [("stop",)]


def test_one_that_was_killed_is_buried_by_the_next(store: Connections, reader: psycopg.Connection) -> None:
    begin_planning(reader, FIRST, 1)
    with recorded(store, SECOND, 1):
        killed = row(reader, FIRST)
        assert (killed["status"], killed["reasons"]) == ("failed", ["its process ended without a word"])
    assert row(reader, SECOND)["status"] == "planned"


def test_a_second_try_goes_on_with_the_same_run(store: Connections, reader: psycopg.Connection) -> None:
    begin_planning(reader, FIRST, 1)
    began = row(reader, FIRST)["began"]
    with pytest.raises(OSError), recorded(store, FIRST, 1):
        raise OSError("no room")
    with recorded(store, FIRST, 1) as found:
        assert (row(reader, FIRST)["status"], row(reader, FIRST)["reasons"]) == ("running", [])
        found.lines = 3
    assert (row(reader, FIRST)["status"], row(reader, FIRST)["began"]) == ("planned", began)


def test_an_orchestrated_run_is_closed_by_what_stopped_it(
    store: Connections, reader: psycopg.Connection
) -> None:
    begin_planning(reader, FIRST, 1)
    refused = ("refused_data", ["DataGate: unit_price moved"])
    assert close_planning(reader, FIRST, [check("stop"), check("pass")], refused) == refused
    assert row(reader, FIRST)["status"] == "refused_data"
    assert reader.execute("SELECT gate, verdict FROM planning_checks ORDER BY number").fetchall() == [
        ("data", "stop"),
        ("data", "pass"),
    ]
    # Twice changes nothing, and a plan that was made stays one.
    assert close_planning(reader, FIRST, [check("stop")], None) == refused
    with recorded(store, SECOND, 1):
        pass
    assert close_planning(reader, SECOND, [], ("failed", ["late"])) == ("planned", [])
    begin_planning(reader, "20260103T050000Z-3", 1)
    assert close_planning(reader, "20260103T050000Z-3", [], None)[0] == "failed"
    with pytest.raises(UserError, match="no planning run"):
        close_planning(reader, "20260104T050000Z-4", [], None)


def test_ids_sort_by_time_and_are_unique() -> None:
    first, second = new_run_id(), new_run_id()
    assert first != second and first[:16] <= second[:16]


@pytest.mark.slow
def test_the_plan_command_writes_its_runs(lived_in: LivedIn) -> None:
    from store.opening import opened

    # Other tests plan again in the same workspace.
    with opened(lived_in.store) as connections, connect(connections.reader or "") as connection:
        found = connection.execute(
            "SELECT as_of, status, lines, held, ended > began, period_days, (SELECT count(*) FROM planning_checks "
            "WHERE planning_checks.planning_id = planning_runs.planning_id) FROM planning_runs ORDER BY began LIMIT 2"
        ).fetchall()
        lines = connection.execute(
            "SELECT count(*) FROM order_lines GROUP BY as_of ORDER BY as_of"
        ).fetchall()
    assert [row[:3] for row in found] == [
        (as_of, "planned", count)
        for as_of, (count,) in zip((lived_in.first, lived_in.last), lines, strict=True)
    ]
    assert all(row[4:6] == (True, 1) and row[6] > 5 for row in found)
