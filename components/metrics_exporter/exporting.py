"""Writes what a run found out into the store; writing it twice leaves the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import psycopg
import pyarrow as pa

from store.loading import merge_rows, replace_rows

RUNNING = "running"
_ID_TIME = "%Y%m%dT%H%M%SZ"


def began_of(run_id: str) -> datetime:
    """When the run began, UTC: its id says so; now, for an id that another orchestrator gave."""
    try:
        return datetime.strptime(run_id.split("-", maxsplit=1)[0], _ID_TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return datetime.now(timezone.utc)


def begin_run(connection: psycopg.Connection, run_id: str, period_days: int) -> None:
    """Makes sure that the run has its row, which all others refer to."""
    connection.execute(
        "INSERT INTO runs (run_id, began, status, period_days) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [run_id, began_of(run_id), RUNNING, period_days],
    )


def export_tables(connection: psycopg.Connection, run_id: str, tables: Mapping[str, pa.Table]) -> None:
    """Replaces the run's rows in each of the tables, inside the caller's transaction."""
    for name, rows in tables.items():
        replace_rows(connection, name, rows, {"run_id": run_id})


def end_run(connection: psycopg.Connection, summary: Mapping[str, Any], period_days: int) -> None:
    """Writes how the run ended: its row, its components and the checks of both gates.

    Args:
        connection: inside the caller's transaction.
        summary: as summary.schema.json describes it.
        period_days: 1 or 7.
    """
    run_id, data = summary["run_id"], summary["data"]
    row: dict[str, Any] = {
        "run_id": [run_id],
        "began": [began_of(run_id)],
        "ended": [datetime.now(timezone.utc)],
        "status": [summary["status"]],
        "reasons": pa.array([_reasons(summary)], pa.list_(pa.string())),
        "period_days": [period_days],
        **{name: pa.array([data[name]], pa.int64()) for name in ("rows", "series", "span", "rejected_rows")},
        **{name: pa.array([data[name]], pa.string()) for name in ("first_date", "last_date")},
    }
    merge_rows(connection, "runs", pa.table(row), ["run_id"])
    components = [
        {"run_id": run_id, "position": i}
        | {name: found[name] for name in ("node", "state", "seconds", "peak_mib", "reason")}
        for i, found in enumerate(summary["components"])
    ]
    checks = [*_data_checks(data["checks"]), *_model_checks(summary["models"])]
    numbered = [{"run_id": run_id, "number": i, **check} for i, check in enumerate(checks)]
    export_tables(
        connection,
        run_id,
        {"run_components": _table(components), "gate_checks": _table(numbered)},
    )


def _reasons(summary: Mapping[str, Any]) -> list[str]:
    problems = [f"{found['node']}: {found['reason']}" for found in summary["components"] if found["reason"]]
    stopped = [
        f"{check['feature']}: {check['check']}: {check['reason']}"
        for check in summary["data"]["checks"]
        if check["verdict"] == "stop"
    ]
    refused = [reason for model in summary["models"].values() for reason in model["reasons"]]
    by_status = {"refused_data": stopped or problems, "refused_model": refused, "failed": problems}
    return by_status.get(summary["status"], [])


def _data_checks(checks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_check("data", check, check["feature"], "all") for check in checks]


def _model_checks(models: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        _check("model", check, check["model"], check["slice"])
        for model in models.values()
        for check in model["checks"]
    ]


def _check(gate: str, check: Mapping[str, Any], subject: str, slice_: str) -> dict[str, Any]:
    return {
        "gate": gate,
        "check_name": check["check"],
        "subject": subject,
        "slice": slice_,
        **{name: check[name] for name in ("value", "threshold", "margin", "verdict", "reason")},
    }


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = rows[0].keys() if rows else ()
    floats = ("value", "threshold", "margin", "seconds")
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], pa.float64() if name in floats else None)
            for name in names
        }
    )
