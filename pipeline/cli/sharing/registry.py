"""The registry that runs and pairs are told to."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.exit_codes import ExitCode
from pipeline.cli.logs import logged
from pipeline.cli.options import ConfigOption, WorkspaceOption, read_config
from pipeline.cli.output.terminal import terminal
from pipeline.cli.rights.audit import tell_audit
from pipeline.cli.sharing.credentials import read_credentials
from pipeline.cli.sharing.publication import publish_change
from pipeline.registry.choice import has_registry
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.registry_options import RegistryOptions


def _given(config: Path | None) -> RegistryOptions | None:
    return read_config(config).registry if config else None


def tell_registry(workspace: Workspace, run_id: str | None = None) -> None:
    """Tells the registry of what a command has just done, where the workspace has one, and prints what is to be said.

    Args:
        run_id: of the run whose lines these belong to.
    """
    if not has_registry(workspace):
        return
    from pipeline.registry.commands import tell_after

    with logged(workspace, "registry", run_id):
        said = tell_after(workspace, read_credentials)
    for sentence in said:
        terminal().print(sentence, soft_wrap=True)


def sync(workspace: WorkspaceOption, config: ConfigOption = None) -> None:
    """Tell the registry all that it was not told yet; without --config the one of the last run."""
    from pipeline.cli.output.versions import print_told
    from pipeline.registry import commands

    place, given = Workspace(workspace.resolve()), _given(config)
    with logged(place, "registry-sync"):
        told = commands.sync(place, read_credentials(), given)
    print_told(told, terminal())


def show(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what serves and what the registry says, and where they differ; changes nothing."""
    from pipeline.cli.output.versions import print_sides
    from pipeline.registry import commands

    found = commands.show(Workspace(workspace.resolve()), read_credentials(), _given(config))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        print_sides(found, terminal())


def apply(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; recorded in the directory's history.")] = "",
) -> None:
    """Let the pair serve that somebody made champion in the registry, after the checks of rollback and promote."""
    from pipeline.cli.output.versions import print_change, print_told
    from pipeline.registry import commands

    place, given = Workspace(workspace.resolve()), _given(config)
    with logged(place, "registry-apply"):
        before, now, told = commands.follow(place, read_credentials(), given, getpass.getuser(), reason)
    print_change(before, now, terminal())
    tell_audit(place)
    print_told(told, terminal())
    if not publish_change(place):
        raise typer.Exit(ExitCode.FAILURE)
