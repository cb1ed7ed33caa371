"""Findings in a real store: each matter once, and nothing is ever changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import psycopg
import pytest

from contracts.dates import to_days
from inventory.detection.kinds import WORDS
from inventory.detection.watching import Finding
from pipeline.orders.watching.keeping import keep_findings
from store.connections import Connections

DAY = date(2026, 6, 10)
FOUND = Finding(
    "level_shift_down", "series", "S1", "P1", "", to_days(DAY) - 5, to_days(DAY), 50.0, 10.0, 1e-6
)


def moved(days: int) -> Finding:
    return replace(FOUND, since=FOUND.since + days, until=FOUND.until + days)


def test_what_goes_on_is_written_down_once(writer: psycopg.Connection) -> None:
    assert keep_findings(writer, [FOUND], 7, DAY) == [FOUND]
    assert keep_findings(writer, [FOUND], 7, DAY) == []
    assert keep_findings(writer, [moved(1), moved(5)], 8, DAY) == []
    others = [
        moved(6),
        replace(FOUND, kind="spike"),
        replace(FOUND, store="S2"),
        replace(FOUND, level="product", store=""),
        replace(FOUND, level="category", store="", product="", category="C"),
    ]
    assert keep_findings(writer, others, 8, DAY) == others
    rows = writer.execute(
        "SELECT kind, since, until, seen, reason, advice, pair, as_of FROM watch_findings"
    ).fetchall()
    assert len(rows) == 6
    words = WORDS["level_shift_down"]
    assert rows[0] == (
        "level_shift_down", date(2026, 6, 5), DAY, 10.0, words.reason, words.advice, 7, DAY,
    )  # fmt: skip


def test_a_p_value_below_all_doubles_can_be_kept(writer: psycopg.Connection) -> None:
    keep_findings(
        writer, [replace(FOUND, p_value=0.0), replace(FOUND, kind="fading", p_value=1e-320)], 7, DAY
    )
    (least,) = writer.execute("SELECT min(p_value) FROM watch_findings").fetchone() or ()
    assert 0 < least < 1e-290


@pytest.mark.parametrize(
    "change",
    ["UPDATE watch_findings SET reason = ''", "DELETE FROM watch_findings", "TRUNCATE watch_findings"],
)
def test_nobody_changes_or_deletes_a_finding(
    store: Connections, writer: psycopg.Connection, change: str
) -> None:
    keep_findings(writer, [FOUND], 7, DAY)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        writer.execute(change.encode())
    with (
        psycopg.connect(store.owner) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never"),
    ):
        owner.execute(f"SET search_path TO retail; {change}".encode())
