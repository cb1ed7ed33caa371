"""Decisions on challengers in the store: rows that are added, never changed."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from contracts.records.promotion import PromotionDecision, PromotionFinding

_FIELDS = (
    "decided_at", "action", "said", "champion", "challenger", "newest_date", "ordered_by",
)  # fmt: skip
_OF_FINDING = ("name", "value", "bound", "crossed", "said")


def keep(connection: psycopg.Connection, decision: PromotionDecision, planning_id: str | None = None) -> None:
    """Adds a decision with all of its findings, inside the caller's transaction.

    Args:
        planning_id: the planning run that asked.
    """
    row = connection.execute(
        "INSERT INTO promotion_decisions (decided_at, action, said, champion, challenger, newest_date, ordered_by, "
        "planning_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING decision",
        [*(getattr(decision, name) for name in _FIELDS), planning_id],
    ).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO promotion_findings (decision, number, name, value, bound, crossed, said) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                [row[0], number, *(getattr(finding, name) for name in _OF_FINDING)]
                for number, finding in enumerate(decision.findings)
            ],
        )


def kept(connection: psycopg.Connection, planning_id: str) -> PromotionDecision | None:
    """What a planning run was answered before; None where it did not ask, or there was nothing to decide upon."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT decision, decided_at, action, said, champion, challenger, newest_date, ordered_by "
            "FROM promotion_decisions WHERE planning_id = %s",
            [planning_id],
        ).fetchone()
        if row is None:
            return None
        found = cursor.execute(
            "SELECT name, value, bound, crossed, said FROM promotion_findings WHERE decision = %s ORDER BY number",
            [row.pop("decision")],
        )
        return PromotionDecision(**row, findings=tuple(PromotionFinding(**finding) for finding in found))
