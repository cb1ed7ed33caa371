"""The embedded PostgreSQL of a workspace."""

from __future__ import annotations

import typer

from pipeline.cli.options import WorkspaceOption
from pipeline.workspace import Workspace


def start(workspace: WorkspaceOption) -> None:
    """Start the server and let it run on, for Grafana; prints how to reach it."""
    from store.connections import FILE, named
    from store.server import EmbeddedServer

    place = Workspace(workspace.resolve())
    place.create()
    connections = EmbeddedServer(place.store).stay()
    typer.echo(f"running; to read: {named(connections.reader or '')}\npasswords: {place.store / FILE}")


def stop(workspace: WorkspaceOption) -> None:
    """Stop a server that was let run on."""
    from store.server import EmbeddedServer

    place = Workspace(workspace.resolve())
    place.create()
    typer.echo("stopped" if EmbeddedServer(place.store).stop() else "was not running")
