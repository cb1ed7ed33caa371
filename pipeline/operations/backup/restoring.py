"""Restores a back-up into an empty place: aside, held against its manifest, and only then under its name."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy.exc

from contracts.errors import SystemFault, UserError, cannot, is_systems
from pipeline.operations.backup.archive import unpack
from pipeline.operations.backup.manifest import CONFIGURATION, STORE, WORKSPACE, Header, Manifest
from pipeline.workspace import Workspace
from serving.directory.layout import CURRENT, read_state
from serving.directory.switching import verify
from store import roles
from store.audit import Act, record
from store.connections import connect, named
from store.copying import content_of, copy_in, filling, revision_of
from store.migrating import SCHEMA, migrate, revisions
from store.opening import choose
from store.server import EmbeddedServer


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        header: what the back-up says of itself.
        manifest: all that it held.
        pair: version of the pair that serves; None where none does.
    """

    header: Header
    manifest: Manifest
    pair: int | None


def restore_backup(
    backup: Path,
    workspace: Workspace,
    identity: Path | None,
    url: str | None,
    by: str = "restore",
    reason: str = "",
) -> Restored:
    """Restores all of a back-up; where that fails, nothing is left of it.

    Args:
        backup: the file.
        workspace: where to; nothing may be there.
        identity: file with the secret keys of one that is encrypted.
        url: of an empty database of one's own; None: a server of the workspace's own.
        by, reason: who asks, and why, for the audit trail.

    Raises:
        UserError: there is something already, or the back-up cannot be used.
        SystemFault: the disk is full, or the like.
    """
    if not backup.is_file():
        raise UserError(f"{backup}: is no file; give a back-up")
    if workspace.root.exists() and (not workspace.root.is_dir() or any(workspace.root.iterdir())):
        raise UserError(
            f"{workspace.root}: there is something already; give a --workspace that is new or empty"
        )
    if url is not None:
        _require_empty(url)
    aside = Workspace(workspace.root.with_name(f".{workspace.root.name}.{secrets.token_hex(4)}.restoring"))
    aside.create()
    restored = partial(_restored, backup, workspace, by, reason)
    unpacked = aside.root / ".unpacked"
    try:
        unpacked.mkdir()
        header, manifest = unpack(backup, identity, unpacked, revisions())
        for entry in (unpacked / WORKSPACE).iterdir():
            entry.rename(aside.root / entry.name)
        if (unpacked / CONFIGURATION).exists():
            (unpacked / CONFIGURATION).rename(aside.root / CONFIGURATION)
        _move_metadata(aside.metadata, header.workspace, workspace.root)
        pair = _check_serving(aside)
        _check_artifacts(aside, workspace.root, manifest)
        if url is None:
            with EmbeddedServer(aside.store).serving() as connections:
                _fill_store(connections.owner, unpacked / STORE, header, manifest, restored(header))
            _show(aside, unpacked, workspace)
        else:
            with _gone_on_failure(url):
                _fill_store(url, unpacked / STORE, header, manifest, restored(header))
                choose(aside.store, url)
                _show(aside, unpacked, workspace)
    except OSError as error:
        raise _unwritable(error, workspace.root) from error
    finally:
        shutil.rmtree(aside.root, ignore_errors=True)
    return Restored(header, manifest, pair)


def verify_backup(backup: Path, identity: Path | None) -> Restored:
    """Restores a back-up into a place of its own, which is removed again.

    Raises: as ``restore_backup``.
    """
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=backup.parent) as folder:
        return restore_backup(backup, Workspace(Path(folder) / "workspace"), identity, None)


def _unwritable(error: OSError, root: Path) -> Exception:
    if is_systems(error):
        return SystemFault(f"{root}: nothing was restored ({error.strerror}); make room, and try again")
    return cannot(
        error, f"{root}: nothing was restored", "see to its rights, or give another place", UserError
    )


def _require_empty(url: str) -> None:
    with connect(url) as connection:
        there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone()
    if there:
        raise UserError(
            f"{named(url)}: has a schema {SCHEMA} already, which is not overwritten; name an empty database"
        )


def _show(aside: Workspace, unpacked: Path, workspace: Workspace) -> None:
    shutil.rmtree(unpacked)
    if workspace.root.exists():
        workspace.root.rmdir()
    aside.root.rename(workspace.root)


@contextmanager
def _gone_on_failure(url: str) -> Iterator[None]:
    """Where the block fails, what it made in a database of one's own is gone again."""
    try:
        yield
    except BaseException:
        _drop(url)
        raise


def _drop(url: str) -> None:
    with connect(url) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.commit()


def _make_tables(url: str, revision: str) -> None:
    with connect(url) as connection:
        made = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.alembic_version"]).fetchone() != (
            None,
        )
        if made and revision_of(connection) == revision:
            return
    _drop(url)
    migrate(url, revision)


def _restored(backup: Path, workspace: Workspace, by: str, reason: str, header: Header) -> Act:
    detail = f"back-up of {header.made_at:%Y-%m-%d %H:%M:%S} UTC of {header.workspace}"
    now = datetime.now(timezone.utc)
    return Act(now, "restore", str(workspace.root), by, reason, f"restore of {backup}", detail)


def _fill_store(url: str, folder: Path, header: Header, manifest: Manifest, restored: Act) -> None:
    try:
        # As the tables were; then what a newer program has added.
        _make_tables(url, header.revision)
        with filling(url) as connection:
            for name, table in manifest.tables.items():
                with (folder / f"{name}.copy").open("rb") as source:
                    copy_in(connection, name, table.columns, source)
                found = content_of(connection, name, table.columns)
                if found != (table.rows, table.digest):
                    raise UserError(
                        f"table {name}: its {found[0]:,} rows are not the {table.rows:,} that were backed up"
                    )
        migrate(url)
        with connect(url) as connection:
            roles.grant(connection)
            record(connection, [restored])
            connection.commit()
    except (psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        raise UserError(
            f"the rows cannot be restored into {named(url)} ({' '.join(str(error).split())}); nothing was restored"
        ) from error


def _move_metadata(metadata: Path, then: str, now: Path) -> None:
    """ML Metadata names artifacts by their full paths."""
    if not metadata.exists() or then == str(now):
        return
    with closing(sqlite3.connect(metadata)) as connection, connection:
        for table, column in (("Artifact", "uri"), ("ArtifactProperty", "string_value")):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608
                [str(now), len(then) + 1, len(then) + 1, then + "/"],
            )


def _check_serving(aside: Workspace) -> int | None:
    """Every pair is as it was pushed, and the one that is shown can be read."""
    if not (aside.serving / CURRENT).is_symlink():
        return None
    state = read_state(aside.serving)
    for version in state.kept:
        verify(aside.serving, version)
    return state.stable


def _check_artifacts(aside: Workspace, root: Path, manifest: Manifest) -> None:
    """Every artifact that ML Metadata has as complete is there, but for those that were gone already."""
    if not aside.metadata.exists():
        return
    with closing(sqlite3.connect(aside.metadata)) as connection:
        (damaged,) = connection.execute("PRAGMA integrity_check").fetchone()
        found = [uri for (uri,) in connection.execute("SELECT uri FROM Artifact WHERE state = 2")]
    inside = [Path(uri).relative_to(root) for uri in found if Path(uri).is_relative_to(root)]
    missing = [path for path in inside if not (aside.root / path).exists() and str(path) not in manifest.gone]
    if damaged != "ok" or missing:
        what = damaged if damaged != "ok" else f"{missing[0]} is missing"
        raise UserError(f"ML Metadata of the back-up: {what}; take another one")
