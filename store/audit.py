"""The audit trail: who overrode, promoted, waived and the like. Rows are added, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

_COLUMNS = ("acted_at", "action", "subject", "detail", "acted_by", "reason", "occasion", "once")
_APPEND = f"""
    INSERT INTO audit_events ({", ".join(_COLUMNS)})
    SELECT * FROM unnest(%s::timestamptz[], {", ".join(["%s::text[]"] * 7)}) AS new ({", ".join(_COLUMNS)})
    WHERE once IS NULL OR NOT EXISTS (SELECT FROM audit_events known WHERE known.once = new.once)
    ON CONFLICT (once) DO NOTHING
    """  # noqa: S608
"""What is known is asked for first: each row that only conflicts would use up a number."""
_READ = """
    SELECT acted_at, action, subject, detail, acted_by, reason, occasion, recorded_at, recorded_by
    FROM audit_trail WHERE acted_at >= coalesce(%s::timestamptz, '-infinity')
    ORDER BY acted_at DESC, recorded_at DESC, event DESC
    """


@dataclass(frozen=True)
class Act:
    """Something that somebody did.

    Attributes:
        at: when, with its time zone.
        action: what was done.
        subject: to what.
        detail: what is different for it.
        by: who.
        reason: why, as they said.
        occasion: at which plan, run or change of the serving directory.
        once: text by which it is known where it may be told twice; None: each telling is an act of its own.
    """

    at: datetime
    action: str
    subject: str
    by: str
    reason: str
    occasion: str
    detail: str = ""
    once: str | None = None


def record(connection: psycopg.Connection, acts: Sequence[Act]) -> None:
    """Adds acts that are not there, inside the caller's transaction."""
    if not acts:
        return
    rows = [
        (act.at, act.action, act.subject, act.detail, act.by, act.reason, act.occasion, _digest(act.once))
        for act in acts
    ]
    connection.execute(_APPEND.encode(), [list(column) for column in zip(*rows, strict=True)])


def read_trail(connection: psycopg.Connection, since: datetime | None = None) -> list[dict[str, Any]]:
    """All acts, the newest first, by the names of the view's columns.

    Args:
        since: the first moment that counts, with its time zone; None: from the beginning.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_READ, [since]).fetchall()


def _digest(text: str | None) -> str | None:
    """An index takes no long texts."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()
