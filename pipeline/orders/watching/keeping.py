"""Findings in the store: rows that are added, never changed, each matter once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import psycopg

from contracts.dates import to_date
from inventory.detection.kinds import WORDS
from inventory.detection.watching import Finding

_ADD = """
INSERT INTO watch_findings (kind, level, store_id, product_id, category, since, until, expected, seen, p_value, reason,
                            advice, pair, as_of)
SELECT %(kind)s, %(level)s, %(store)s, %(product)s, %(category)s, %(since)s, %(until)s, %(expected)s, %(seen)s,
       %(p_value)s, %(reason)s, %(advice)s, %(pair)s, %(as_of)s
WHERE NOT EXISTS (
    SELECT FROM watch_findings
    WHERE kind = %(kind)s AND level = %(level)s AND store_id = %(store)s AND product_id = %(product)s
      AND category = %(category)s AND since <= %(until)s AND until >= %(since)s
)
RETURNING 1
"""
_LEAST = 1e-300
"""p-value that a double of the database still holds."""


def keep_findings(
    connection: psycopg.Connection, findings: Sequence[Finding], pair: int, as_of: date
) -> list[Finding]:
    """Adds the findings that nothing of their kind, about the same, in the same periods was found before; returns them.

    A span is looked at again each day, and what goes on is one matter: it is written down when it is first seen.

    Args:
        connection: inside the caller's transaction.
        pair: version of the pair whose watch found them.
        as_of: last period that was looked at.
    """
    # A writer may add rows and no more, so that it cannot lock the table against another that looks at the same.
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('watch_findings'))")
    new = []
    for one in findings:
        words = WORDS[one.kind]
        row = {
            "kind": one.kind,
            "level": one.level,
            "store": one.store,
            "product": one.product,
            "category": one.category,
            "since": to_date(one.since),
            "until": to_date(one.until),
            "expected": one.expected,
            "seen": one.seen,
            "p_value": max(one.p_value, _LEAST),
            "reason": words.reason,
            "advice": words.advice,
            "pair": pair,
            "as_of": as_of,
        }
        if connection.execute(_ADD, row).fetchone():
            new.append(one)
    return new
