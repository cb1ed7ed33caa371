"""Tables and columns of the store, as PostgreSQL's own catalog describes them."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import psycopg

from store.migrating import SCHEMA

_HEAD = f"""# The store

Tables and views of the PostgreSQL schema `{SCHEMA}`, made by the migrations in `store/migrations/`. Members of
the role `retail_reader` may read them, members of `retail_writer` may change rows. The same text is in the database's
catalog: `\\d+ {SCHEMA}.runs` in psql shows it.

Bold columns identify a row. Dates of weekly data are the first days of weeks.
"""

_COLUMNS = """
SELECT c.relname, obj_description(c.oid, 'pg_class'), a.attname, format_type(a.atttypid, a.atttypmod),
       coalesce(a.attnum = ANY (k.conkey), false), a.attnotnull OR c.relkind = 'v',
       col_description(c.oid, a.attnum)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'v') AND c.relname <> 'alembic_version'
ORDER BY c.oid, a.attnum
"""
_RECURRING = {
    "run_id": "The training run.",
    "as_of": "Last date that the plan knew.",
    "store_id": "As in the files.",
    "product_id": "As in the files.",
    "date": "First day of the period.",
}
"""Meaning of columns that stand in many tables, where their own comment says no more."""


def database_page(connection: psycopg.Connection) -> str:
    """The page, from a database that is up to date.

    Raises:
        KeyError: a column has no comment.
    """
    parts = [_HEAD]
    found = connection.execute(_COLUMNS, [SCHEMA]).fetchall()
    for (table, purpose), columns in groupby(found, itemgetter(0, 1)):
        parts += [f"## {table}\n\n{purpose}\n", "| column | type | is |\n|---|---|---|"]
        for _, _, name, kind, identifies, required, meaning in columns:
            shown = f"**{name}**" if identifies else name
            parts.append(
                f"| {shown} | {kind}{'' if required else ', or empty'} | {meaning or _RECURRING[name]} |"
            )
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def meanings(connection: psycopg.Connection, table: str) -> str:
    """What the columns of one table are, but for those that identify a row.

    Raises:
        KeyError: a column has no comment.
    """
    lines = ["| column | is |", "|---|---|"]
    for of, _, name, _, identifies, _, meaning in connection.execute(_COLUMNS, [SCHEMA]).fetchall():
        if of == table and not identifies:
            lines.append(f"| {name} | {meaning or _RECURRING[name]} |")
    return "\n".join(lines)
