"""Arrow tables into PostgreSQL by COPY, so that loading the same twice leaves the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

_ROWS_AT_ONCE = 100_000


def replace_rows(
    connection: psycopg.Connection, table: str, rows: pa.Table | Iterable[pa.Table], scope: Mapping[str, Any]
) -> None:
    """Puts the rows in the place of all that the table has with these values.

    Args:
        connection: inside the caller's transaction.
        table: name.
        rows: columns named as the table's; NaN becomes NULL. Several tables are loaded one by one, as they come.
        scope: column to value, such as the run's id; every row has them.
    """
    conditions = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in scope.items()
    )
    connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), conditions))
    for part in [rows] if isinstance(rows, pa.Table) else rows:
        _copy(connection, table, part)


def replace_series(
    connection: psycopg.Connection, table: str, rows: pa.Table, series: pa.Table, scope: Mapping[str, Any]
) -> None:
    """Puts the rows in the place of all that the table has of some series with these values.

    Args:
        connection: inside the caller's transaction.
        table: name, with store_id and product_id.
        rows: columns named as the table's, of these series alone.
        series: store_id and product_id, each once.
        scope: column to value; every row has them.
    """
    temporary = f"series_of_{table}"
    names = {"table": sql.Identifier(table), "temporary": sql.Identifier(temporary)}
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {temporary} (store_id text, product_id text) ON COMMIT DROP").format(
            **names
        )
    )
    _copy(connection, temporary, series)
    conditions = [
        sql.SQL("old.{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in scope.items()
    ]
    same = [sql.SQL("{} = {}").format(_of("old", name), _of("new", name)) for name in series.column_names]
    connection.execute(
        sql.SQL("DELETE FROM {table} old USING {temporary} new WHERE {conditions}").format(
            **names, conditions=sql.SQL(" AND ").join([*conditions, *same])
        )
    )
    connection.execute(sql.SQL("DROP TABLE {temporary}").format(**names))
    _copy(connection, table, rows)


def merge_rows(
    connection: psycopg.Connection, table: str, rows: pa.Table | Iterable[pa.Table], key: Sequence[str]
) -> None:
    """Adds rows, and overwrites those with the same key that say something else.

    Rows that are there already are not written again: PostgreSQL keeps the old version of every row that is, and
    each day's files repeat nearly all of the day before.

    Args:
        connection: inside the caller's transaction.
        table: name.
        rows: columns named as the table's, each key once; NaN becomes NULL. Several tables are of the same columns,
            and are sent one by one, as they come.
        key: the table's primary key.
    """
    temporary = f"new_{table}"
    names = {"table": sql.Identifier(table), "temporary": sql.Identifier(temporary)}
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {temporary} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP").format(
            **names
        )
    )
    columns: list[str] = []
    bounds = _Bounds(key)
    for part in [rows] if isinstance(rows, pa.Table) else rows:
        columns = part.column_names
        bounds.add(part)
        _copy(connection, temporary, part)
    others = [name for name in columns if name not in key]
    changes = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in others]
    same = [sql.SQL("{} = {}").format(_of("new", name), _of("old", name)) for name in key]
    differ = [sql.SQL("{} IS DISTINCT FROM {}").format(_of("new", name), _of("old", name)) for name in others]
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {temporary} new LEFT JOIN {table} old ON {same} "
            "WHERE {differ} ON CONFLICT ({key}) {then}"
        ).format(
            **names,
            columns=_listed(map(sql.Identifier, columns)),
            values=_listed(_of("new", name) for name in columns),
            same=sql.SQL(" AND ").join([*same, *bounds.conditions()]),
            differ=sql.SQL(" OR ").join([sql.SQL("{} IS NULL").format(_of("old", key[0])), *differ]),
            key=_listed(map(sql.Identifier, key)),
            then=sql.SQL("DO UPDATE SET {}").format(_listed(changes)) if others else sql.SQL("DO NOTHING"),
        )
    )
    connection.execute(sql.SQL("DROP TABLE {temporary}").format(**names))


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _of(table: str, column: str) -> sql.Composable:
    return sql.Identifier(table, column)


class _Bounds:
    """Of the dates among a key's columns: of years of rows only those of the new ones' days are looked at."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = key
        self._ends: dict[str, tuple[date, date]] = {}

    def add(self, rows: pa.Table) -> None:
        for name in self._key:
            if pa.types.is_date(rows[name].type) and rows.num_rows:
                ends = pc.min_max(rows[name]).as_py()
                first, last = self._ends.get(name, (ends["min"], ends["max"]))
                self._ends[name] = min(first, ends["min"]), max(last, ends["max"])

    def conditions(self) -> Iterator[sql.Composable]:
        for name, ends in self._ends.items():
            yield sql.SQL("{} BETWEEN {} AND {}").format(_of("old", name), *map(sql.Literal, ends))


def _copy(connection: psycopg.Connection, table: str, rows: pa.Table) -> None:
    if not rows.num_rows:
        return
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    options = csv.WriteOptions(include_header=False)
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for begin in range(0, rows.num_rows, _ROWS_AT_ONCE):
            part = pa.table(
                {name: _plain(rows[name].slice(begin, _ROWS_AT_ONCE)) for name in rows.column_names}
            )
            buffer = pa.BufferOutputStream()
            csv.write_csv(part, buffer, options)
            copy.write(memoryview(buffer.getvalue()))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A column as COPY reads it: empty for NULL, quoted texts, arrays as PostgreSQL writes them."""
    kind = column.type
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, None)
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        if pa.types.is_string(kind.value_type):
            return pa.array([None if texts is None else _array_of(texts) for texts in column.to_pylist()])
        lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        texts = pc.binary_join(lists.cast(pa.list_(pa.string())), ",")
        return pc.binary_join_element_wise("{", texts, "}", "")
    return column


def _array_of(texts: Sequence[str]) -> str:
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
