"""The audit trail of a workspace: brought up to date with its serving directory, and read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg

from contracts.errors import UserError
from pipeline.audit import record_directory
from pipeline.workspace import Workspace
from store.audit import Act, read_trail, record
from store.connections import connect
from store.opening import is_there, opened

LOG = logging.getLogger(__name__)
_OLD = "the tables of its store are older than this program; the next 'run' or 'plan' brings them up to date"


def has_trail(workspace: Workspace) -> bool:
    """Whether there is a store to keep one in; it is not made for that."""
    return is_there(workspace.store)


def tell(workspace: Workspace) -> str:
    """Adds to the trail what was done to the serving directory.

    Returns:
        What is to be said where that cannot be, which changes nothing of what was done.
    """
    try:
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            record_directory(connection, workspace.serving)
    except (UserError, psycopg.Error) as error:
        why = _OLD if isinstance(error, psycopg.errors.UndefinedTable) else " ".join(str(error).split())
        LOG.warning("the audit trail was not told", extra={"reason": why})
        return f"the audit trail will be told by the next command that reaches it: {why}"
    return ""


@contextmanager
def schema_recorded(
    workspace: Workspace, schema: Path, by: str, reason: str
) -> Iterator[Callable[[frozenset[str]], None]]:
    """What to call with the features that are accepted before the file is written.

    They are in the trail once the block is over; where the trail cannot be told, the block fails at that call.

    Args:
        schema: the file.
        by, reason: who accepts, and why.

    Raises:
        UserError: there is no store, or it cannot be used.
    """
    with _connected(workspace) as connection:

        def note(features: frozenset[str]) -> None:
            now, occasion = datetime.now(timezone.utc), f"schema {schema}"
            record(
                connection,
                [Act(now, "accept_schema", name, by, reason, occasion) for name in sorted(features)],
            )

        yield note


def trail(workspace: Workspace, since: datetime | None = None) -> list[dict[str, Any]]:
    """All acts, the newest first, those of the serving directory too that nobody has told the store of.

    Args:
        since: the first moment that counts, with its time zone.

    Raises:
        UserError: there is no store, or it cannot be used.
    """
    with _connected(workspace) as connection:
        record_directory(connection, workspace.serving)
        return read_trail(connection, since)


@contextmanager
def _connected(workspace: Workspace) -> Iterator[psycopg.Connection]:
    if not has_trail(workspace):
        raise UserError(f"{workspace.root}: has no store yet; run the pipeline in this workspace first")
    try:
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            yield connection
    except psycopg.errors.UndefinedTable:
        raise UserError(f"{workspace.root}: {_OLD}") from None
