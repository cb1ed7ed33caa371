"""Writes what a run found out into the store; writing it twice leaves the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from contracts.records.checks import FeatureCheck
from contracts.records.summary import Status, Summary
from store.audit import Act, record
from store.loading import merge_rows, replace_rows

RUNNING = "running"
_ID_TIME = "%Y%m%dT%H%M%SZ"
LEFT = "its process ended without a word"
"""Reason of a run that a later one found still running."""


def began_of(run_id: str) -> datetime:
    """When the run began, UTC: its id says so; now, for an id that another orchestrator gave."""
    try:
        return datetime.strptime(run_id.split("-", maxsplit=1)[0], _ID_TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return datetime.now(timezone.utc)


def begin_run(connection: psycopg.Connection, run_id: str, period_days: int, because: str = "") -> None:
    """Makes sure that the run has its row, which all others refer to.

    Args:
        because: why it runs, where that is known.
    """
    connection.execute(
        "INSERT INTO runs (run_id, began, status, period_days, because) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        [run_id, began_of(run_id), RUNNING, period_days, because],
    )


def bury_earlier(
    connection: psycopg.Connection, run_id: str, table: str = "runs", key: str = "run_id"
) -> None:
    """Whatever began earlier and still stands as running has died with its process.

    Args:
        run_id: of the run that begins now.
        table, key: which runs, and the column of their ids.
    """
    update = "UPDATE {} SET status = 'failed', ended = %s, reasons = %s WHERE status = %s AND {} < %s"
    connection.execute(
        sql.SQL(update).format(sql.Identifier(table), sql.Identifier(key)),
        [datetime.now(timezone.utc), [LEFT], RUNNING, run_id],
    )


def export_tables(connection: psycopg.Connection, run_id: str, tables: Mapping[str, pa.Table]) -> None:
    """Replaces the run's rows in each of the tables, inside the caller's transaction."""
    for name, rows in tables.items():
        replace_rows(connection, name, rows, {"run_id": run_id})


def record_waivers(connection: psycopg.Connection, checks: Iterable[FeatureCheck], occasion: str) -> None:
    """Adds to the audit trail which checks were waived, once for each occasion, inside the caller's transaction.

    Args:
        occasion: the run that they are of.
    """
    now = datetime.now(timezone.utc)
    waived = [(f"{check.check} of {check.feature}", check) for check in checks if check.verdict == "waived"]
    record(
        connection,
        [
            Act(
                now,
                "waive",
                subject,
                check.waived_by,
                check.reason,
                occasion,
                once=f"waive {occasion} {subject} {check.waived_by}",
            )
            for subject, check in waived
        ],
    )


def end_run(
    connection: psycopg.Connection,
    summary: Summary,
    period_days: int,
    test_periods: int,
    eval_periods: int,
) -> None:
    """Writes how the run ended: its row, its components and the checks of both gates.

    Args:
        connection: inside the caller's transaction.
        period_days: 1 or 7.
        test_periods: how many the models were judged on.
        eval_periods: how many before them chose the policy.
    """
    run_id, data, planning = summary.run_id, summary.data, summary.planning
    proof = planning.against_base_stock if planning else None
    row: dict[str, Any] = {
        "run_id": [run_id],
        "began": [began_of(run_id)],
        "ended": [datetime.now(timezone.utc)],
        "status": [summary.status],
        "reasons": pa.array([_reasons(summary)], pa.list_(pa.string())),
        "period_days": [period_days],
        "test_periods": pa.array([test_periods], pa.int16()),
        "eval_periods": pa.array([eval_periods], pa.int16()),
        "planning_reason": pa.array([planning.said() if planning else None], pa.string()),
        "against_base_stock": pa.array(
            [None if proof is None or None in proof else proof], pa.list_(pa.float64())
        ),
        **{
            name: pa.array([getattr(data, name)], pa.int64())
            for name in ("rows", "series", "span", "rejected_rows")
        },
        **{name: pa.array([getattr(data, name)], pa.date32()) for name in ("first_date", "last_date")},
    }
    merge_rows(connection, "runs", pa.table(row), ["run_id"])
    components = [
        {"run_id": run_id, "position": i, **found.model_dump(exclude={"cached"})}
        for i, found in enumerate(summary.components)
    ]
    checks = [
        {
            "run_id": run_id,
            "number": i,
            "gate": check.gate,
            "check_name": check.check,
            "subject": check.subject,
            "slice": check.slice,
            **check.model_dump(include={"value", "threshold", "margin", "verdict", "reason"}),
        }
        for i, check in enumerate(summary.checks)
    ]
    export_tables(
        connection,
        run_id,
        {"run_components": _table(components), "gate_checks": _table(checks)},
    )
    record_waivers(connection, summary.data.checks, f"run {run_id}")


def _reasons(summary: Summary) -> list[str]:
    problems = [f"{found.node}: {found.reason}" for found in summary.components if found.reason]
    stopped = [
        f"{check.feature}: {check.check}: {check.reason}"
        for check in summary.data.checks
        if check.verdict == "stop"
    ]
    by_status: Mapping[Status, list[str]] = {
        "refused_data": stopped or [str(problem) for problem in summary.data.problems] or problems,
        "refused_model": summary.reasons,
        "failed": problems,
    }
    return by_status.get(summary.status, [])


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = rows[0].keys() if rows else ()
    floats = ("value", "threshold", "margin", "seconds")
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], pa.float64() if name in floats else None)
            for name in names
        }
    )
