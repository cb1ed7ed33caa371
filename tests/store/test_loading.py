"""COPY with values that are hard to write down, and loading twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.loading import merge_rows, replace_rows

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
NUMBER = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


@pytest.fixture
def things(writer: psycopg.Connection) -> psycopg.Connection:
    writer.execute(
        "CREATE TEMP TABLE things (key text PRIMARY KEY, scope int, number double precision, day date, "
        "lists real[], words text[])"
    )
    return writer


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(TEXT, NUMBER, st.lists(TEXT, max_size=3)), max_size=8, unique_by=lambda row: row[0])
)
def test_what_goes_in_comes_out(
    things: psycopg.Connection, rows: list[tuple[str, float | None, list[str]]]
) -> None:
    table = pa.table(
        {
            "key": pa.array([row[0] for row in rows], pa.string()),
            "scope": pa.array([1] * len(rows), pa.int64()),
            "number": pa.array([row[1] for row in rows], pa.float64()),
            "words": pa.array([row[2] for row in rows], pa.list_(pa.string())),
        }
    )
    replace_rows(things, "things", table, {"scope": 1})
    found = things.execute("SELECT key, number, words FROM things").fetchall()
    assert sorted(found, key=lambda row: row[0]) == sorted(rows, key=lambda row: row[0])


def test_replacing_leaves_other_scopes_and_merging_other_keys(things: psycopg.Connection) -> None:
    def rows(scope: int, *values: float) -> pa.Table:
        return pa.table(
            {
                "key": [f"{scope}-{i}" for i in range(len(values))],
                "scope": [scope] * len(values),
                "number": list(values),
                "day": [date(2026, 1, 1)] * len(values),
                "lists": pa.array([[1.5, 2.0]] * len(values), pa.list_(pa.float32())),
            }
        )

    for _ in range(2):
        replace_rows(things, "things", rows(1, 1.0, 2.0, 3.0), {"scope": 1})
        replace_rows(things, "things", rows(2, 4.0), {"scope": 2})
    replace_rows(things, "things", rows(1, 7.0), {"scope": 1})
    assert things.execute("SELECT key, number FROM things ORDER BY 1").fetchall() == [
        ("1-0", 7.0),
        ("2-0", 4.0),
    ]
    for _ in range(2):
        merge_rows(things, "things", rows(1, 8.0, 9.0), ["key"])
    assert things.execute("SELECT key, number, lists FROM things ORDER BY 1").fetchall() == [
        ("1-0", 8.0, [1.5, 2.0]),
        ("1-1", 9.0, [1.5, 2.0]),
        ("2-0", 4.0, [1.5, 2.0]),
    ]


def test_tables_that_come_one_by_one_take_the_place_of_what_was_there_together(
    things: psycopg.Connection,
) -> None:
    def parts(*names: str) -> Iterator[pa.Table]:
        for name in names:
            yield pa.table({"key": [name], "scope": [1]})

    replace_rows(things, "things", parts("old", "gone"), {"scope": 1})
    replace_rows(things, "things", parts("a", "b", "old"), {"scope": 1})
    assert things.execute("SELECT key FROM things ORDER BY 1").fetchall() == [("a",), ("b",), ("old",)]


def test_only_rows_that_differ_are_written_again(things: psycopg.Connection) -> None:
    """A row's ctid is where it lies; PostgreSQL gives it a new one with every update."""

    def merged(**numbers: float | None) -> dict[str, tuple[object, ...]]:
        days = [date(2026, 1, 1 + i) for i in range(len(numbers))]
        rows = {"key": list(numbers), "number": pa.array(numbers.values(), pa.float64()), "day": days}
        merge_rows(things, "things", pa.table(rows), ["key", "day"])
        found = things.execute("SELECT key, number, ctid::text FROM things").fetchall()
        return {key: (number, place) for key, number, place in found}

    things.execute("ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (key, day)")
    first = merged(same=1.0, other=2.0, gone=3.0, known=None, never=None)
    then = merged(same=1.0, other=2.5, gone=None, known=4.0, never=None)
    assert {name: number for name, (number, _) in then.items()} == {
        "same": 1.0, "other": 2.5, "gone": None, "known": 4.0, "never": None,
    }  # fmt: skip
    kept = {name for name in then if then[name] == first[name]}
    assert kept == {"same", "never"}


def test_rows_of_other_days_stay(things: psycopg.Connection) -> None:
    things.execute("ALTER TABLE things DROP CONSTRAINT things_pkey, ADD PRIMARY KEY (key, day)")
    for day, number in ((3, 1.0), (1, 2.0), (3, 4.0)):
        merge_rows(
            things,
            "things",
            pa.table({"key": ["a"], "day": [date(2026, 1, day)], "number": [number]}),
            ["key", "day"],
        )
    assert things.execute("SELECT day, number FROM things ORDER BY day").fetchall() == [
        (date(2026, 1, 1), 2.0),
        (date(2026, 1, 3), 4.0),
    ]


def test_nan_becomes_null(things: psycopg.Connection) -> None:
    rows = pa.table({"key": ["a", "b"], "number": [float("nan"), float("inf")]})
    merge_rows(things, "things", rows, ["key"])
    assert things.execute("SELECT count(*) FROM things WHERE number IS NULL").fetchone() == (2,)
