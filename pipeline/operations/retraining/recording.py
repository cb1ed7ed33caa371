"""Decisions in the store: rows that are added, never changed."""

from __future__ import annotations

from typing import Literal

import psycopg
from psycopg.rows import dict_row

from contracts.records.retraining import Decision, Finding

_KINDS: dict[str, Literal["reasons", "guards"]] = {"reason": "reasons", "guard": "guards"}
_FINDING = ("name", "value", "bound", "crossed", "said")


def keep(connection: psycopg.Connection, decision: Decision, planning_id: str | None = None) -> None:
    """Adds a decision with all of its findings, inside the caller's transaction.

    Args:
        planning_id: the planning run that asked.
    """
    row = connection.execute(
        "INSERT INTO retraining_decisions (decided_at, due, said, pair, newest_date, ordered_by, planning_id) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING decision",
        [
            decision.decided_at,
            decision.due,
            decision.said,
            decision.pair,
            decision.newest_date,
            decision.ordered_by,
            planning_id,
        ],
    ).fetchone()
    assert row is not None
    found = [(kind, finding) for kind, field in _KINDS.items() for finding in getattr(decision, field)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO retraining_findings (decision, number, kind, name, value, bound, crossed, said) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                [row[0], number, kind, *(getattr(finding, name) for name in _FINDING)]
                for number, (kind, finding) in enumerate(found)
            ],
        )


def kept(connection: psycopg.Connection, planning_id: str) -> Decision | None:
    """What a planning run was answered before; None where it did not ask."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT decision, decided_at, due, said, pair, newest_date, ordered_by FROM retraining_decisions "
            "WHERE planning_id = %s",
            [planning_id],
        ).fetchone()
        if row is None:
            return None
        number = row.pop("decision")
        findings: dict[str, list[Finding]] = {field: [] for field in _KINDS.values()}
        for found in cursor.execute(
            "SELECT kind, name, value, bound, crossed, said FROM retraining_findings WHERE decision = %s "
            "ORDER BY number",
            [number],
        ):
            findings[_KINDS[found.pop("kind")]].append(Finding(**found))
    return Decision(**row, **findings)
