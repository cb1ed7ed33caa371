"""How a run ended, in the store: once, however often it is written."""

from __future__ import annotations

from datetime import datetime, timezone

import psycopg
import pytest

from components.metrics_exporter.exporting import began_of, begin_run, end_run
from contracts.records.summary import Summary
from store.audit import read_trail
from tests.contracts.records.made_up import component, feature_check, model, model_check, summary


def run(status: str = "refused_data") -> Summary:
    checks = [
        feature_check("unit_price"),
        feature_check("event", "pass", value=None, threshold=None, margin=None),
    ]
    nodes = [
        component("DataGate", "refused", seconds=1.5, peak_mib=300, reason="1 problem(s)"),
        component("Trainer", "skipped", seconds=0.0, peak_mib=0),
    ]
    drift = model_check("m", check="drift", reason="moved")
    return summary(
        run_id="20260102T030405Z-abcd",
        status=status,
        data={"rows": 10, "first_date": "2025-01-01", "last_date": None, "checks": checks},
        components=nodes,
        models={"m": model(False, checks=[drift], reasons=["drift: moved"])},
    )


def test_a_refused_run_is_there_with_its_reasons_and_checks(writer: psycopg.Connection) -> None:
    for _ in range(2):
        begin_run(writer, "20260102T030405Z-abcd", 1)
        end_run(writer, run(), 1, 21, 28)
    found = writer.execute(
        "SELECT began, status, reasons, rows, first_date::text, last_date FROM runs"
    ).fetchall()
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert found == [(began, "refused_data", ["unit_price: drift: moved"], 10, "2025-01-01", None)]
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


def test_a_waived_check_is_in_the_audit_trail_once(writer: psycopg.Connection) -> None:
    waived = feature_check("unit_price", "waived", waived_by="lou", reason="moved (waived by lou)")
    data = {"rows": 10, "first_date": None, "last_date": None, "checks": [waived, feature_check("event")]}
    for _ in range(2):
        end_run(writer, summary(run_id="20260102T030405Z-abcd", data=data), 1, 21, 28)
    (act,) = read_trail(writer)
    assert (act["action"], act["subject"], act["acted_by"]) == ("waive", "drift of unit_price", "lou")
    assert (act["reason"], act["occasion"]) == ("moved (waived by lou)", "run 20260102T030405Z-abcd")


@pytest.mark.parametrize(
    ("status", "reasons"),
    [("pushed", []), ("refused_model", ["drift: moved"]), ("failed", ["DataGate: 1 problem(s)"])],
)
def test_the_reasons_are_those_of_the_status(
    writer: psycopg.Connection, status: str, reasons: list[str]
) -> None:
    end_run(writer, run(status), 7, 8, 8)
    assert writer.execute("SELECT status, reasons, period_days FROM runs").fetchall() == [
        (status, reasons, 7)
    ]


def test_a_run_without_a_single_row_or_check(writer: psycopg.Connection) -> None:
    data = {"rows": 0, "series": 0, "span": None, "first_date": None, "last_date": None}
    failed = component("DataGate", "refused", reason="1 problem(s)")
    end_run(writer, summary(status="refused_data", data=data, components=[failed], models={}), 1, 21, 28)
    found = writer.execute("SELECT rows, span, first_date, reasons FROM runs").fetchall()
    assert found == [(0, None, None, ["DataGate: 1 problem(s)"])]
    assert writer.execute("SELECT count(*) FROM gate_checks").fetchone() == (0,)


def test_a_run_of_another_orchestrator_began_when_it_was_first_heard_of() -> None:
    assert began_of("20260102T030405Z-abcd") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert abs((began_of("manual__2026") - datetime.now(timezone.utc)).total_seconds()) < 60
