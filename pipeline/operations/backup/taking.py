"""Takes a back-up: one state of ML Metadata, serving directory and store, while runs, pushes and plans go on.

What refers to something is read before what it refers to, so that nothing in a back-up leads nowhere:

1. No plan is written (a lock on its table; one that is being written is waited for), and nothing is pushed (the
   serving directory's own lock). Both last for some tenths of a second.
2. ML Metadata first, then the store: whatever ML Metadata has as complete is in the store, and a run that is under way
   is one that was killed then. Its next call goes on from there, as after any kill.
3. The plans' files, by links. What is pushed is held, so that no push removes it.
4. Without locks: the store's rows, out of one snapshot; pairs and artifacts, which never change once they are complete.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import psycopg

from contracts.durable import replacing
from contracts.errors import SystemFault, UserError, cannot, is_systems
from pipeline.backup_options import BackupOptions
from pipeline.operations.backup.archive import Writer, writing
from pipeline.operations.backup.manifest import CONFIGURATION, STORE, WORKSPACE, Header, Manifest, Table
from pipeline.workspace import Workspace, take_lock
from serving.directory.changing import changing
from serving.directory.layout import CURRENT, PAIRS, hold, read_state
from store.connections import Connections
from store.copying import content_of, copy_out, plans_waiting, revision_of, snapshot, tables_of
from store.opening import opened

LOG = logging.getLogger(__name__)
FOLDERS = ("reports", "registry")
"""Of the workspace, beside those that have a state to be consistent with."""
PLANS = "plans"
_NOT_TAKEN = {"lock"}
_LIVE = "SELECT uri FROM Artifact WHERE state = 2 ORDER BY uri"
"""Outputs of what has ended well; ML Metadata has 2 for LIVE."""
_SECONDS_TO_SHOW = 0.5
"""So long a plan takes at the most from its commit to the rename of its folder."""
_LOCK, _SCRATCH = ".backup.lock", ".backup"


@dataclass(frozen=True)
class Taken:
    """A back-up that is whole.

    Attributes:
        file: where it is.
        header: what it says of itself.
        manifest: all that it holds.
        bytes: its size.
        seconds: how long it took, the waiting for others included.
    """

    file: Path
    header: Header
    manifest: Manifest
    bytes: int
    seconds: float


def take_backup(
    workspace: Workspace, out: Path, options: BackupOptions, configuration: Iterable[Path] = ()
) -> Taken:
    """Writes a back-up into a folder, whole or not at all.

    Args:
        out: the folder.
        options: for whom it is encrypted.
        configuration: files that go with it.

    Raises:
        UserError: there is nothing to back up, the folder cannot be written to, or a plan takes too long.
        SystemFault: the disk is full, or the like.
    """
    require_places(workspace, out)
    begun = time.monotonic()
    try:
        with (
            _scratch(workspace.root) as scratch,
            opened(workspace.store) as connections,
            _frozen(workspace, connections, scratch, options.patience) as (rows, made_at),
        ):
            header = Header(made_at=made_at, workspace=str(workspace.root), revision=revision_of(rows))
            encrypted = ".age" if options.recipients else ""
            file = out / f"retail-inventory-{made_at:%Y%m%dT%H%M%SZ}.tar.gz{encrypted}"
            with replacing(file) as temporary:
                temporary.touch(0o600, exist_ok=False)
                with temporary.open("wb") as target, writing(target, header, options.recipients) as writer:
                    manifest = _fill(writer, workspace, scratch, rows, configuration)
    except OSError as error:
        raise _unwritable(error, out) from error
    taken = Taken(file, header, manifest, file.stat().st_size, time.monotonic() - begun)
    LOG.info(
        "backed up",
        extra={"bytes": taken.bytes, "seconds": round(taken.seconds, 3), "files": len(manifest.files)},
    )
    return taken


def require_places(workspace: Workspace, out: Path) -> None:
    """Sees to it that there is something to back up, and somewhere to write it.

    Raises:
        UserError: there is not.
    """
    if not workspace.metadata.exists() and read_state(workspace.serving).stable is None:
        raise UserError(f"{workspace.root}: holds nothing to back up; give the --workspace of your runs")
    if not out.is_dir():
        raise UserError(f"{out}: is no folder; make it, or name another with --out")


def _unwritable(error: OSError, out: Path) -> Exception:
    if is_systems(error):
        return SystemFault(
            f"{error.filename or out}: the back-up could not be written ({error.strerror}); nothing of it is left; "
            "make room, and try again"
        )
    return cannot(
        error, f"{error.filename or out}: cannot be used", "see to its rights, and try again", UserError
    )


@contextmanager
def _scratch(root: Path) -> Iterator[Path]:
    """A folder for copies, of one back-up at a time; what a killed one left is removed."""
    with (root / _LOCK).open("a") as file:
        if not take_lock(file, 0.0):
            raise UserError(f"{root}: another back-up is being taken; wait for it")
        folder = root / _SCRATCH
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _frozen(
    workspace: Workspace, connections: Connections, scratch: Path, patience: float
) -> Iterator[tuple[psycopg.Connection, datetime]]:
    """The store as it was in the moment that the scratch folder's copies are of, and when that was."""
    with ExitStack() as held:
        with plans_waiting(connections.writer, patience), changing(workspace.serving):
            made_at = datetime.now(timezone.utc).replace(microsecond=0)
            _copy_metadata(workspace.metadata, scratch / workspace.metadata.name)
            rows = held.enter_context(snapshot(connections.writer))
            _link_serving(workspace.serving, scratch / workspace.serving.name)
            for version in read_state(workspace.serving).kept:
                held.enter_context(hold(workspace.serving, version))
            _link_plans(workspace.root / PLANS, scratch / PLANS)
        yield rows, made_at


def _copy_metadata(source: Path, target: Path) -> None:
    """By SQLite's own means, which waits for whoever writes."""
    if source.exists():
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing_,
        ):
            reading.backup(writing_)


def _link_serving(source: Path, target: Path) -> None:
    """The links of a serving directory and the state that it shows; its pairs never change, and are read later."""
    if not (source / CURRENT).is_symlink():
        return
    shown = (source / CURRENT).readlink()
    shutil.copytree(source / shown, target / shown, symlinks=True)
    for entry in source.iterdir():
        if entry.is_symlink():
            (target / entry.name).symlink_to(entry.readlink())


def _link_plans(source: Path, target: Path) -> None:
    """The plans' files as they are; a plan that was committed before has its folder renamed in a moment."""
    until = time.monotonic() + _SECONDS_TO_SHOW
    while any(source.glob(".*.new")) and time.monotonic() < until:
        time.sleep(0.05)
    for folder in source.glob("[!.]*") if source.exists() else ():
        shutil.copytree(folder, target / folder.name, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Not every file system has links; these files are small.
        shutil.copy2(source, target)


def _fill(
    writer: Writer,
    workspace: Workspace,
    scratch: Path,
    rows: psycopg.Connection,
    configuration: Iterable[Path],
) -> Manifest:
    """What refers to something, and then what it refers to."""
    for name in (workspace.metadata.name, workspace.serving.name, PLANS):
        if (scratch / name).exists():
            writer.add(f"{WORKSPACE}/{name}", scratch / name)
    tables = {
        table: _add_rows(writer, scratch, rows, table, columns) for table, columns in tables_of(rows).items()
    }
    pairs = [
        workspace.serving / PAIRS / str(version)
        for version in read_state(scratch / workspace.serving.name).kept
    ]
    artifacts = _artifacts(scratch / workspace.metadata.name, workspace.artifacts)
    others = [
        entry
        for name in FOLDERS
        for entry in sorted((workspace.root / name).glob("[!.]*"))
        if entry.name not in _NOT_TAKEN
    ]
    gone = [path for path in artifacts if not path.exists()]
    for path in (*pairs, *artifacts, *others):
        if path not in gone:
            writer.add(f"{WORKSPACE}/{path.relative_to(workspace.root)}", path)
    for path in configuration:
        writer.add(f"{CONFIGURATION}/{path.name}", path)
    return writer.end(tables, tuple(str(path.relative_to(workspace.root)) for path in gone))


def _add_rows(
    writer: Writer, scratch: Path, rows: psycopg.Connection, table: str, columns: tuple[str, ...]
) -> Table:
    file = scratch / f"{table}.copy"
    with file.open("wb") as out:
        copy_out(rows, table, columns, out)
    writer.add(f"{STORE}/{file.name}", file)
    file.unlink()
    count, digest = content_of(rows, table, columns)
    return Table(columns=columns, rows=count, digest=digest)


def _artifacts(metadata: Path, root: Path) -> list[Path]:
    """Folders of artifacts in the workspace that ML Metadata has as complete."""
    if not metadata.exists():
        return []
    with closing(sqlite3.connect(metadata)) as connection:
        found = [Path(uri) for (uri,) in connection.execute(_LIVE)]
    return [path for path in dict.fromkeys(found) if path.is_relative_to(root)]
