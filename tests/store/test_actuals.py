"""What happened into the store: what lies there after, whatever was passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import actuals
from store.actuals import digests_of, merge_actuals
from store.connections import Connections, connect
from store.loading import merge_rows

Row = tuple[str, int, float | None, bool | None]
"""Product, day of January, units and whether it was on promotion."""

UNITS = st.sampled_from([None, 0.0, 1.0, 2.5])
FILES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 3), UNITS, st.sampled_from([None, True, False])),
    max_size=6,
    unique_by=lambda row: row[:2],
)


@pytest.fixture
def empty(writer: psycopg.Connection) -> Iterator[psycopg.Connection]:
    with writer.transaction(force_rollback=True):
        writer.execute("DELETE FROM actuals")
        yield writer


def table(rows: Sequence[Row]) -> pa.Table:
    return pa.table(
        {
            "store_id": pa.array(["S"] * len(rows), pa.string()),
            "product_id": pa.array([row[0] for row in rows], pa.string()),
            "date": pa.array([date(2026, 1, row[1]) for row in rows], pa.date32()),
            "units_sold": pa.array([row[2] for row in rows], pa.float32()),
            "in_stock": pa.array([1.0] * len(rows), pa.float32()),
            "on_promotion": pa.array([row[3] for row in rows], pa.bool_()),
        }
    )


def held(connection: psycopg.Connection) -> dict[tuple[str, int], list[Any]]:
    found = connection.execute(
        "SELECT product_id, extract(day FROM date)::int, units_sold, on_promotion FROM actuals"
    )
    return {(product, day): values for product, day, *values in map(tuple, found.fetchall())}


def expected(files: Sequence[Sequence[Row]]) -> dict[tuple[str, int], list[Any]]:
    return {row[:2]: list(row[2:]) for rows in files for row in rows}


def merge(connection: psycopg.Connection, rows: pa.Table) -> None:
    parts = [rows.slice(0, len(rows) // 2), rows.slice(len(rows) // 2)]
    digests = digests_of(parts)
    assert digests == digests_of([rows])
    merge_actuals(connection, parts, digests)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(files=st.lists(FILES, max_size=5))
def test_the_newest_file_is_right_for_every_key(writer: psycopg.Connection, files: list[list[Row]]) -> None:
    with writer.transaction(force_rollback=True):
        writer.execute("DELETE FROM actuals")
        for rows in files:
            merge(writer, table(rows))
        assert held(writer) == expected(files)


def test_dates_that_say_the_same_are_not_compared_again(
    empty: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[list[date]] = []

    def watched(
        connection: psycopg.Connection, name: str, rows: Iterable[pa.Table], key: Sequence[str]
    ) -> None:
        parts = [rows] if isinstance(rows, pa.Table) else list(rows)
        if name == "actuals":
            compared.append(sorted({day for part in parts for day in part["date"].to_pylist()}))
        merge_rows(connection, name, parts, key)

    monkeypatch.setattr(actuals, "merge_rows", watched)
    old: list[Row] = [("a", 1, 1.0, None), ("b", 1, None, True), ("a", 2, 2.0, False)]
    merge(empty, table(old))
    merge(empty, table(old))
    merge(empty, table([*old[:2], ("a", 2, 2.5, False), ("a", 3, 0.0, False)]))
    assert compared == [
        [date(2026, 1, 1), date(2026, 1, 2)],
        [date(2026, 1, 2), date(2026, 1, 3)],
    ]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("UPDATE actuals SET units_sold = 9 WHERE date = '2026-01-01'", {2, 3}),
        ("UPDATE actuals SET date = '2026-01-03' WHERE product_id = 'b'", {2}),
        ("DELETE FROM actuals WHERE product_id = 'b'", {2, 3}),
        (
            "INSERT INTO actuals (store_id, product_id, date, in_stock) VALUES ('S', 'c', '2026-01-02', 0)",
            {1, 3},
        ),
        ("TRUNCATE actuals", set()),
    ],
)
def test_what_others_change_is_put_right_again(store: Connections, change: str, left: set[int]) -> None:
    rows: list[Row] = [("a", 1, 1.0, None), ("b", 1, 2.0, None), ("a", 2, 3.0, None), ("a", 3, 4.0, True)]
    with connect(store.owner) as connection, connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM actuals")
        merge(connection, table(rows))
        connection.execute(change)
        known = connection.execute("SELECT extract(day FROM date)::int FROM actuals_digests").fetchall()
        assert {day for (day,) in known} == left
        merge(connection, table(rows))
        found = held(connection)
        assert {row[:2]: found[row[:2]] for row in rows} == expected([rows])
