"""Who may do what: writers change rows, readers (Grafana) only look."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from store.migrating import SCHEMA

WRITER, READER = "retail_writer", "retail_reader"
"""Groups; a role that logs in is made a member of one of them."""

_TABLE_RIGHTS = {WRITER: "SELECT, INSERT, UPDATE, DELETE", READER: "SELECT"}
APPEND_ONLY = (
    "retraining_decisions",
    "retraining_findings",
    "promotion_decisions",
    "promotion_findings",
    "watch_findings",
    "audit_events",
)
"""Tables whose rows no group may change or delete; triggers of theirs keep everybody else from it."""


def grant(connection: psycopg.Connection) -> list[str]:
    """Makes the groups and gives them their rights on all tables.

    Returns:
        The groups that do not exist and may not be made by this role; a database administrator makes them.
    """
    missing = []
    for group, rights in _TABLE_RIGHTS.items():
        if not _exists(connection, group):
            try:
                with connection.transaction():
                    connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(group)))
            except psycopg.errors.InsufficientPrivilege:
                missing.append(group)
                continue
        for statement in (
            "GRANT USAGE ON SCHEMA {schema} TO {group}",
            f"GRANT {rights} ON ALL TABLES IN SCHEMA {{schema}} TO {{group}}",
        ):
            connection.execute(
                sql.SQL(statement).format(schema=sql.Identifier(SCHEMA), group=sql.Identifier(group))
            )
        for table in APPEND_ONLY:
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(
                    sql.Identifier(SCHEMA, table), sql.Identifier(group)
                )
            )
    return missing


def log_ins(connection: psycopg.Connection, members: Mapping[str, tuple[str, str]]) -> None:
    """Makes roles that log in, or gives them their password anew.

    Args:
        connection: of a role that may make roles.
        members: by role its group and its password.
    """
    for role, (group, password) in members.items():
        # Hashed here, so that the password is in no statement and so in no log of the server.
        hashed = connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        ).decode()
        verb = "ALTER" if _exists(connection, role) else "CREATE"
        connection.execute(
            sql.SQL("{verb} ROLE {role} LOGIN PASSWORD {hashed}").format(
                verb=sql.SQL(verb), role=sql.Identifier(role), hashed=sql.Literal(hashed)
            )
        )
        connection.execute(
            sql.SQL("ALTER ROLE {} SET search_path TO {}").format(
                sql.Identifier(role), sql.Identifier(SCHEMA)
            )
        )
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(role)))


def _exists(connection: psycopg.Connection, role: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    return found is not None
