"""How a run ended, in the store: once, however often it is written."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import psycopg
import pytest

from components.metrics_exporter.exporting import began_of, begin_run, end_run


def check(**fields: Any) -> dict[str, Any]:
    usual = {
        "check": "drift",
        "value": 0.5,
        "threshold": 0.1,
        "margin": -0.4,
        "verdict": "stop",
        "reason": "moved",
    }
    return usual | fields


def summary(status: str = "refused_data") -> dict[str, Any]:
    return {
        "run_id": "20260102T030405Z-abcd",
        "status": status,
        "data": {
            "rows": 10, "series": 2, "span": 1, "rejected_rows": 0, "first_date": "2025-01-01", "last_date": None,
            "checks": [
                check(feature="unit_price"),
                check(feature="event", verdict="pass", value=None, threshold=None, margin=None),
            ],
        },
        "components": [
            {"node": "DataGate", "state": "refused", "seconds": 1.5, "peak_mib": 300, "reason": "1 problem(s)"},
            {"node": "Trainer", "state": "skipped", "seconds": 0.0, "peak_mib": 0, "reason": ""},
        ],
        "models": {"m": {"checks": [check(model="m", slice="all")], "reasons": ["drift: moved"]}},
    }  # fmt: skip


def test_a_refused_run_is_there_with_its_reasons_and_checks(writer: psycopg.Connection) -> None:
    for _ in range(2):
        begin_run(writer, "20260102T030405Z-abcd", 1)
        end_run(writer, summary(), 1)
    run = writer.execute(
        "SELECT began, status, reasons, rows, first_date::text, last_date FROM runs"
    ).fetchall()
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert run == [(began, "refused_data", ["unit_price: drift: moved"], 10, "2025-01-01", None)]
    nodes = writer.execute("SELECT node, state FROM run_components ORDER BY position").fetchall()
    assert nodes == [("DataGate", "refused"), ("Trainer", "skipped")]
    checks = writer.execute(
        "SELECT gate, subject, verdict, value FROM gate_checks ORDER BY number"
    ).fetchall()
    assert checks == [
        ("data", "unit_price", "stop", 0.5),
        ("data", "event", "pass", None),
        ("model", "m", "stop", 0.5),
    ]


@pytest.mark.parametrize(
    ("status", "reasons"),
    [("pushed", []), ("refused_model", ["drift: moved"]), ("failed", ["DataGate: 1 problem(s)"])],
)
def test_the_reasons_are_those_of_the_status(
    writer: psycopg.Connection, status: str, reasons: list[str]
) -> None:
    end_run(writer, summary(status), 7)
    assert writer.execute("SELECT status, reasons, period_days FROM runs").fetchall() == [
        (status, reasons, 7)
    ]


def test_a_run_without_a_single_row_or_check(writer: psycopg.Connection) -> None:
    nothing = summary()
    nothing["data"] |= {"rows": 0, "series": 0, "span": None, "first_date": None, "checks": []}
    nothing["models"] = {}
    end_run(writer, nothing, 1)
    run = writer.execute("SELECT rows, span, first_date, reasons FROM runs").fetchall()
    assert run == [(0, None, None, ["DataGate: 1 problem(s)"])]
    assert writer.execute("SELECT count(*) FROM gate_checks").fetchone() == (0,)


def test_a_run_of_another_orchestrator_began_when_it_was_first_heard_of() -> None:
    assert began_of("20260102T030405Z-abcd") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert abs((began_of("manual__2026") - datetime.now(timezone.utc)).total_seconds()) < 60
