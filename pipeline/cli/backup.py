"""Back-ups of a workspace, and their restore."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.logs import logged
from pipeline.cli.options import ConfigOption, WorkspaceOption, parse_path, parse_text, read_config
from pipeline.cli.output.terminal import terminal
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.operations.backup.manifest import Manifest

IdentityOption = Annotated[
    Path | None,
    typer.Option(
        "--identity", parser=parse_path, help="File with the secret key, of age or SSH, of an encrypted one."
    ),
]


def backup(
    workspace: WorkspaceOption,
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=parse_path, help="Folder to write the back-up into.")
    ],
    config: ConfigOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Restore it into a place of its own afterwards, and compare.")
    ] = False,
    identity: IdentityOption = None,
) -> None:
    """Write all that a workspace cannot make again into one file; runs and plans may go on."""
    loaded = read_config(config)
    from pipeline.cli.output.notes import print_notes
    from pipeline.operations.backup.backing_up import back_up

    place, console = Workspace(workspace.resolve()), terminal()
    with logged(place, "backup"):
        made = back_up(place, out.resolve(), loaded, config, verify, identity)
    print_notes(made.notes, console)
    taken = made.taken
    console.print(
        f"back-up of {taken.header.made_at:%Y-%m-%d %H:%M:%S} UTC: {taken.file}, {taken.bytes / 2**20:,.1f} MiB, "
        f"{_content(taken.manifest)}, {taken.seconds:.1f} s",
        soft_wrap=True,
    )
    if made.verified is not None:
        console.print("verified: restored into a place of its own, and all of it is equal")


def restore(
    file: Annotated[Path, typer.Argument(parser=parse_path, help="The back-up.")],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    identity: IdentityOption = None,
    reason: Annotated[
        str, typer.Option("--reason", callback=parse_text, help="Why; kept in the audit trail.")
    ] = "",
) -> None:
    """Restore a back-up into a new workspace, and into the empty database that a configuration names."""
    loaded = read_config(config)
    from pipeline.operations.backup.restoring import restore_backup

    place, console = Workspace(workspace.resolve()), terminal()
    found = restore_backup(file, place, identity, loaded.store_address, getpass.getuser(), reason)
    serves = f"pair {found.pair} serves" if found.pair is not None else "no pair serves"
    console.print(
        f"{place.root}: restored as of {found.header.made_at:%Y-%m-%d %H:%M:%S} UTC, {_content(found.manifest)}; "
        f"{serves}",
        soft_wrap=True,
    )
    console.print(
        "what was not in it: passwords of the database's roles, logs, and what an orchestrator had under way. Call "
        "'compile' again, and 'registry sync' where there is a registry",
        soft_wrap=True,
    )


def _content(manifest: Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables.values())
    return f"{len(manifest.files):,} files and {rows:,} rows"
