"""Rows from one database into another: every value, whatever it is made of, and nothing where rows are already."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from contracts.errors import UserError
from store.connections import Connections, connect
from store.copying import (
    content_of,
    copy_in,
    copy_out,
    filling,
    plans_waiting,
    revision_of,
    snapshot,
    tables_of,
)
from store.migrating import SCHEMA, migrate, revisions
from store.roles import APPEND_ONLY
from tests.store.test_migrating import in_database

STRANGE = [
    "tab\there",
    "line\nbreak",
    "back\\slash \\N \\.",
    "\\.",
    "",
    "NULL",
    '"quoted"',
    "größer 你好 \u2028",
    "{a,b}",
]
PLAN = (
    "INSERT INTO plans VALUES ('2026-03-01', '2026-03-02 05:20:00.123456+01', 7, 7, '{0.05,0.30000000000000004}', "
    "1, 7, 14, 7)"
)


def fill(connection: psycopg.Connection) -> None:
    for number, text in enumerate(STRANGE):
        connection.execute(
            "INSERT INTO runs (run_id, began, status, period_days, reasons, because) "
            "VALUES (%s, now(), 'x', 1, %s, %s)",
            [f"{number}{text}", STRANGE[: number + 1], text],
        )
    connection.execute(PLAN)
    for units in ("NaN", "1e-30", "0.1", "-0.0", "Infinity"):
        connection.execute(
            "INSERT INTO actuals (store_id, product_id, date, units_sold, in_stock) "
            "VALUES ('S', %s, '2026-03-01', %s, 1)",
            [units, units],
        )
    connection.execute(
        "INSERT INTO actuals (store_id, product_id, date, in_stock) VALUES ('S', 'null', '2026-03-01', 0.1)"
    )
    connection.execute("INSERT INTO actuals_digests VALUES ('2026-03-01', 'kept')")
    for number in range(3):
        connection.execute(
            "INSERT INTO retraining_decisions (decided_at, due, said) VALUES (now(), true, %s)", [f"{number}"]
        )
        connection.execute(
            "INSERT INTO retraining_findings SELECT max(decision), 0, 'reason', 'age', 1, 2, true, 'x' "
            "FROM retraining_decisions"
        )
    connection.commit()


@pytest.fixture(scope="module")
def databases(store: Connections) -> tuple[str, str]:
    """One with rows, and an empty one."""
    urls = []
    for name in ("copied_from", "copied_to"):
        with psycopg.connect(store.owner, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        urls.append(in_database(store.owner, name))
        migrate(urls[-1])
    with connect(urls[0]) as connection:
        fill(connection)
    return urls[0], urls[1]


def everything(url: str) -> dict[str, list[str]]:
    with connect(url) as connection:
        connection.execute("SET timezone TO 'UTC'")
        return {
            table: sorted(row[0] for row in connection.execute(f"SELECT t::text FROM {table} t"))
            for table in tables_of(connection)
        }


def copy_all(source: str, target: str, stop_after: int | None = None) -> None:
    with snapshot(source) as rows, filling(target) as connection:
        for number, (table, columns) in enumerate(tables_of(rows).items()):
            if number == stop_after:
                raise RuntimeError
            held = io.BytesIO()
            copy_out(rows, table, columns, held)
            held.seek(0)
            copy_in(connection, table, columns, held)
            assert content_of(connection, table, columns) == content_of(rows, table, columns)


def test_everything_comes_over_and_numbers_go_on(databases: tuple[str, str]) -> None:
    source, target = databases
    with pytest.raises(RuntimeError):
        copy_all(source, target, stop_after=5)
    assert not any(everything(target).values())
    copy_all(source, target)
    assert everything(target) == everything(source)
    with connect(target) as connection:
        assert [row[0] for row in connection.execute("SELECT because FROM runs ORDER BY run_id")] == sorted(
            STRANGE, key=lambda text: f"{STRANGE.index(text)}{text}"
        )
        number = connection.execute(
            "INSERT INTO retraining_decisions (decided_at, due, said) VALUES (now(), true, 'next') RETURNING decision"
        ).fetchone()
        assert number == (4,)
        # Triggers are awake again.
        for table in APPEND_ONLY:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"DELETE FROM {table}")
    with pytest.raises(UserError, match="has rows already"):
        copy_all(source, target)


def test_rows_refer_to_earlier_tables_alone(databases: tuple[str, str]) -> None:
    with connect(databases[0]) as connection:
        order = list(tables_of(connection))
        found = connection.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' "
            "AND connamespace = %s::regnamespace",
            [SCHEMA],
        ).fetchall()
    assert len(found) > 10
    assert all(order.index(referred) < order.index(referring) for referring, referred in found)


def test_what_comes_later_is_not_in_the_snapshot(databases: tuple[str, str]) -> None:
    with snapshot(databases[0]) as rows, connect(databases[0]) as writer:
        before = content_of(rows, "series", ("store_id", "product_id"))
        writer.execute("INSERT INTO series VALUES ('later', 'later', '', NULL, 1, 9, 3)")
        writer.commit()
        assert content_of(rows, "series", ("store_id", "product_id")) == before
        writer.execute("DELETE FROM series WHERE store_id = 'later'")
        writer.commit()


def test_the_revision_is_known(databases: tuple[str, str]) -> None:
    with snapshot(databases[0]) as rows:
        assert revision_of(rows) == max(revisions())


def test_a_plan_that_is_written_is_waited_for_and_the_next_one_waits(databases: tuple[str, str]) -> None:
    source, _ = databases

    def plan() -> float:
        with connect(source) as writer:
            writer.execute("UPDATE plans SET horizon = horizon")
            writer.commit()
        return time.monotonic()

    with connect(source) as writer:
        writer.execute("UPDATE plans SET horizon = horizon")
        with pytest.raises(UserError, match=r"for more than 0.2 seconds"), plans_waiting(source, 0.2):
            raise AssertionError
        writer.rollback()
    with ThreadPoolExecutor(1) as pool:
        with plans_waiting(source, 5):
            done = pool.submit(plan)
            time.sleep(0.3)
            let_go = time.monotonic()
        assert done.result() >= let_go
