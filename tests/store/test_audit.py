"""The audit trail in a real PostgreSQL: it grows, says all acts once, and nobody takes anything back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import psycopg
import pytest

from store.audit import Act, read_trail, record
from store.connections import Connections, connect

NOON = datetime(2026, 3, 7, 12, tzinfo=timezone.utc)


def act(hours: float = 0, once: str | None = None, subject: str = "S01:P0001") -> Act:
    at = NOON + timedelta(hours=hours)
    return Act(
        at, "override", subject, "kim", "festival", "plan of 2026-03-07", "60 units instead of 20", once
    )


@pytest.fixture
def kept(store: Connections) -> Iterator[Connections]:
    """A store with one act that is there for good; what nobody may remove, the test's end does."""
    with connect(store.writer) as connection:
        record(connection, [act()])
    yield store
    with connect(store.owner) as connection:
        connection.execute("ALTER TABLE audit_events DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM audit_events")
        connection.execute("ALTER TABLE audit_events ENABLE TRIGGER append_only")


@pytest.mark.parametrize("role", ["owner", "writer", "reader"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET acted_by = 'somebody else'",
        "UPDATE audit_events SET reason = '' WHERE false",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DELETE FROM audit_trail",
        "UPDATE audit_trail SET acted_by = 'somebody else'",
    ],
)
def test_nobody_changes_or_deletes_an_act(kept: Connections, role: str, statement: str) -> None:
    with connect(getattr(kept, role)) as connection:
        # A view of two tables is changed by nobody, whatever his rights.
        with pytest.raises(
            (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)
        ):
            connection.execute(statement.encode())
        connection.rollback()
        (found,) = read_trail(connection)
    assert (found["acted_by"], found["reason"]) == ("kim", "festival")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE audit_events CASCADE",
        "DROP VIEW audit_trail",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON audit_events",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
    ],
)
@pytest.mark.parametrize("role", ["writer", "reader"])
def test_nobody_but_the_owner_takes_the_guard_away(kept: Connections, role: str, statement: str) -> None:
    with connect(getattr(kept, role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_reader_reads_the_trail_and_adds_nothing(kept: Connections) -> None:
    with connect(kept.reader or "") as connection:
        assert len(read_trail(connection)) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            record(connection, [act()])


def test_what_may_be_told_twice_is_there_once(writer: psycopg.Connection) -> None:
    record(writer, [act(1, "a"), act(2, "b"), act(3), act(3)])
    record(writer, [act(1, "a"), act(2, "b"), act(4, "c" * 10_000), act(3)])
    record(writer, [act(4, "c" * 10_000)])
    record(writer, [])
    hours = [(found["acted_at"] - NOON) / timedelta(hours=1) for found in read_trail(writer)]
    assert hours == [4, 3, 3, 3, 2, 1], "the newest first"
    numbers = [number for (number,) in writer.execute("SELECT event FROM audit_events ORDER BY event")]
    assert numbers == list(range(numbers[0], numbers[0] + 6)), "what is told again takes no number"
    since = read_trail(writer, NOON + timedelta(hours=4))
    assert [found["reason"] for found in since] == ["festival"]


def test_two_who_tell_the_same_at_once_tell_it_once(kept: Connections) -> None:
    with psycopg.connect(kept.writer) as first, psycopg.connect(kept.writer) as second:
        record(first, [act(1, "same")])
        second.execute("SET lock_timeout TO '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            record(second, [act(1, "same")])
        second.rollback()
        first.commit()
        record(second, [act(1, "same")])
        second.commit()
        assert len(read_trail(second)) == 2


def test_the_trail_says_who_wrote_it_down_and_when(writer: psycopg.Connection) -> None:
    record(writer, [act()])
    (found,) = read_trail(writer)
    assert found["recorded_by"] == "retail_exporter"
    assert found["recorded_at"] > found["acted_at"] + timedelta(days=1)


def test_trainings_that_somebody_ordered_are_in_it(writer: psycopg.Connection) -> None:
    for by in ("kim", None):
        writer.execute(
            "INSERT INTO retraining_decisions (decided_at, due, said, pair, ordered_by) VALUES (%s, true, %s, 7, %s)",
            [NOON, "ordered by kim: new shop", by],
        )
    (found,) = read_trail(writer)
    assert (found["action"], found["subject"], found["acted_by"]) == ("order_training", "pair 7", "kim")
    assert found["reason"] == "ordered by kim: new shop"
