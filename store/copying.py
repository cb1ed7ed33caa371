"""All rows of the store: out of one snapshot of a database, and into the empty tables of another.

By COPY and not by pg_dump: that of the embedded server knows no TLS, and none dumps a server that is newer than itself.
Tables are what the migrations make; so only rows are copied, and a new database has the rights that it should have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import BinaryIO

import psycopg
from psycopg import sql

from contracts.durable import CHUNK
from contracts.errors import UserError
from store.connections import connect, named
from store.migrating import SCHEMA

_VERSION_TABLE = "alembic_version"
_AS_TEXT = (
    "SET LOCAL client_encoding TO 'UTF8'",
    "SET LOCAL datestyle TO 'ISO'",
    "SET LOCAL timezone TO 'UTC'",
    "SET LOCAL extra_float_digits TO 3",
)
"""How values are written, whatever the server's own settings."""
_COLUMNS = """
    SELECT relname, array_agg(attname::text ORDER BY attnum)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname <> %s
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY relname ORDER BY relname
    """
_REFERENCES = """
    SELECT referring.relname, referred.relname
    FROM pg_constraint
    JOIN pg_class referring ON referring.oid = conrelid
    JOIN pg_class referred ON referred.oid = confrelid
    WHERE contype = 'f' AND connamespace = %s::regnamespace AND conrelid <> confrelid
    """
_NUMBERED = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attidentity <> '' AND NOT attisdropped
    """


@contextmanager
def plans_waiting(url: str, patience: float) -> Iterator[None]:
    """No plan is written while the block lasts; waits for those that are.

    Raises:
        UserError: one is written for longer than ``patience`` seconds.
    """
    with connect(url) as connection:
        connection.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(int(patience * 1000))))
        try:
            connection.execute("LOCK TABLE plans IN SHARE MODE")
        except psycopg.errors.LockNotAvailable as error:
            raise UserError(
                f"{named(url)}: a plan has been written for more than {patience:g} seconds; wait for its end, or see "
                "why it hangs, and try again"
            ) from error
        yield
        connection.rollback()


@contextmanager
def snapshot(url: str) -> Iterator[psycopg.Connection]:
    """A connection that sees the database as it is now, for as long as the block lasts."""
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for statement in _AS_TEXT:
            connection.execute(statement)
        # The snapshot is taken by the first query.
        connection.execute("SELECT 1 FROM plans LIMIT 1")
        yield connection
        connection.rollback()


def revision_of(connection: psycopg.Connection) -> str:
    """The newest migration that the tables have."""
    row = connection.execute(
        sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(SCHEMA, _VERSION_TABLE))
    ).fetchone()
    assert row is not None
    return str(row[0])


def tables_of(connection: psycopg.Connection) -> dict[str, tuple[str, ...]]:
    """The columns of every table, in an order in which rows refer to rows of earlier tables alone."""
    columns = {name: tuple(found) for name, found in connection.execute(_COLUMNS, [SCHEMA, _VERSION_TABLE])}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(columns, ()))
    for referring, referred in connection.execute(_REFERENCES, [SCHEMA]):
        order.add(referring, referred)
    return {name: columns[name] for name in order.static_order()}


def copy_out(connection: psycopg.Connection, table: str, columns: Sequence[str], out: BinaryIO) -> None:
    """Writes the rows of a table."""
    command = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(SCHEMA, table), _listed(columns))
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        out.writelines(copy)


@contextmanager
def filling(url: str) -> Iterator[psycopg.Connection]:
    """A transaction that fills empty tables; triggers sleep meanwhile.

    Raises:
        UserError: a table has rows already.
    """
    with connect(url) as connection:
        for statement in _AS_TEXT:
            connection.execute(statement)
        tables = [sql.Identifier(SCHEMA, name) for name in tables_of(connection)]
        for table in tables:
            if connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
                raise UserError(f"the database at {named(url)} has rows already; name an empty one")
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        yield connection
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
        connection.commit()


def copy_in(connection: psycopg.Connection, table: str, columns: Sequence[str], source: BinaryIO) -> None:
    """Reads what ``copy_out`` wrote; numbers that the database gives away go on after the highest."""
    place = sql.Identifier(SCHEMA, table)
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(place, _listed(columns))
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        while block := source.read(CHUNK):
            copy.write(block)
    for (column,) in connection.execute(_NUMBERED, [f"{SCHEMA}.{table}"]).fetchall():
        connection.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {} HAVING max({}) > 0"
            ).format(
                sql.Literal(f"{SCHEMA}.{table}"),
                sql.Literal(column),
                sql.Identifier(column),
                place,
                sql.Identifier(column),
            )
        )


def content_of(connection: psycopg.Connection, table: str, columns: Sequence[str]) -> tuple[int, str]:
    """How many rows a table has, and a digest of them in whatever order."""
    row = connection.execute(
        sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text FROM {}"
        ).format(_listed(columns), sql.Identifier(SCHEMA, table))
    ).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
