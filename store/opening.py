"""The store of a workspace: the embedded server, or one that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy.exc

from contracts.errors import UserError
from store import roles
from store.connections import Connections, connect, named
from store.migrating import migrate
from store.server import DATA, EmbeddedServer

_ELSEWHERE = "elsewhere"
"""Folder, beside the embedded server's things, of how to reach a server that is not ours."""


def choose(folder: Path, url: str | None) -> None:
    """Says which server the workspace uses from now on; one that is not ours is brought up to date.

    Args:
        folder: of the store in the workspace.
        url: of a role that owns the database or may create a schema in it; the embedded server where it is None.

    Raises:
        UserError: the server cannot be reached, or the role may not do what is needed.
    """
    elsewhere = folder / _ELSEWHERE
    if url is None:
        if elsewhere.exists():
            for file in elsewhere.iterdir():
                file.unlink()
            elsewhere.rmdir()
        return
    connect_first(url)
    try:
        migrate(url)
    except sqlalchemy.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise UserError(
            f"the tables at {named(url)} cannot be made ({' '.join(str(cause).split())}); let the role own the "
            "database, or grant it CREATE on it"
        ) from None
    with connect(url) as connection:
        missing = roles.grant(connection)
    if missing:
        raise UserError(
            f"{named(url)}: the group role(s) {', '.join(missing)} are not there, and this role may not make them; "
            f"have an administrator call: {' '.join(f'CREATE ROLE {name};' for name in missing)}"
        )
    Connections(owner=url, writer=url, reader=None).write(elsewhere)


def is_there(folder: Path) -> bool:
    """Whether a workspace has a store; to open it would else make one.

    Args:
        folder: of the store in the workspace.
    """
    return (folder / _ELSEWHERE).exists() or (folder / DATA).exists()


def connect_first(url: str) -> None:
    """Fails early where the server is not there.

    Raises:
        UserError: it cannot be reached.
    """
    try:
        with psycopg.connect(url, connect_timeout=10):
            pass
    except psycopg.Error as error:
        raise UserError(
            f"database_url, {named(url)}: cannot be used ({' '.join(str(error).split())}); check that the server runs "
            "and knows the role and its password (libpq also finds it in ~/.pgpass)"
        ) from None


@contextmanager
def opened(folder: Path) -> Iterator[Connections]:
    """The store for as long as the block lasts; starts the embedded server where it does not run.

    Args:
        folder: of the store in the workspace.

    Raises:
        UserError: the server cannot be used.
    """
    if (folder / _ELSEWHERE).exists():
        yield Connections.read(folder / _ELSEWHERE)
    else:
        with EmbeddedServer(folder).serving() as connections:
            yield connections
