"""A back-up as the command makes it: taken, verified where that is asked for, and noted in the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psycopg import conninfo

from contracts.errors import UserError
from pipeline.config import Config
from pipeline.operations.backup.restoring import Restored, verify_backup
from pipeline.operations.backup.taking import Taken, require_places, take_backup
from pipeline.workspace import Workspace
from store.connections import Connections, connect
from store.opening import opened


@dataclass(frozen=True)
class BackedUp:
    """How it went.

    Attributes:
        taken: the back-up.
        verified: what its restore came to; None where that was not asked for.
        notes: what is to be said besides.
    """

    taken: Taken
    verified: Restored | None
    notes: tuple[str, ...]


def back_up(
    workspace: Workspace,
    out: Path,
    config: Config,
    config_file: Path | None,
    verify: bool = False,
    identity: Path | None = None,
) -> BackedUp:
    """Takes a back-up; one that cannot be restored is removed.

    Args:
        out: folder to write into.
        config: for whom it is encrypted.
        config_file: where that was read from; goes with the back-up, and so do the files that it names.
        verify: restore it into a place of its own, and compare.
        identity: file with a secret key, which verifying an encrypted one takes.

    Raises:
        UserError, SystemFault: there is no back-up then.
    """
    # Before a store is opened, which would make one where none is.
    require_places(workspace, out)
    if verify and config.backup.recipients and identity is None:
        raise UserError(
            "--verify of an encrypted back-up needs a secret key that it is for: give --identity FILE"
        )
    files, notes = _configuration(config, config_file)
    if not config.backup.recipients:
        notes.append(
            "not encrypted: whoever has the file can read it; backup.recipients names who alone shall"
        )
    # The embedded server starts once for all of it.
    with opened(workspace.store) as connections:
        taken = take_backup(workspace, out, config.backup, files)
        try:
            verified = verify_backup(taken.file, identity) if verify else None
        except BaseException:
            taken.file.unlink(missing_ok=True)
            raise
        _note(connections, taken, bool(config.backup.recipients), verify)
    if taken.manifest.gone:
        notes.append(
            f"{len(taken.manifest.gone)} artifact(s) that ML Metadata names were gone before, such as "
            f"{taken.manifest.gone[0]}"
        )
    return BackedUp(taken, verified, tuple(notes))


def _configuration(config: Config, file: Path | None) -> tuple[list[Path], list[str]]:
    """Files of the configuration to keep, and what is to be said of them."""
    if file is None:
        return [], ["without the configuration: give --config FILE, and it goes with the back-up"]
    named = [
        config.schema_file,
        config.severity_file,
        config.registry.certificate_authority,
        config.publication.certificate_authority,
    ]
    others = [path for path in named if path is not None and path.exists()]
    if config.store_address and conninfo.conninfo_to_dict(config.store_address).get("password"):
        return others, [f"without {file}, which holds a password: keep that where you keep secrets"]
    return [file, *others], []


def _note(connections: Connections, taken: Taken, encrypted: bool, verified: bool) -> None:
    """A row of the store, by which an alert knows how old the newest back-up is."""
    with connect(connections.writer) as connection:
        connection.execute(
            "INSERT INTO backups (made_at, seconds, bytes, encrypted, verified) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (made_at) DO UPDATE SET verified = EXCLUDED.verified",
            [taken.header.made_at, taken.seconds, taken.bytes, encrypted, verified],
        )
        connection.commit()
