"""What an orchestrator calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipeline.cli.options import (
    ConfigOption,
    DataOption,
    RunOption,
    TrainAsOfOption,
    WorkspaceOption,
    with_data,
)
from pipeline.cli.output.terminal import terminal


def compile_(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="Compile for this run, with the data as they are now.")
    ] = None,
    as_of: TrainAsOfOption = None,
    reason: Annotated[str, typer.Option(help="Judge without the pair that serves now, and why.")] = "",
) -> None:
    """Write the pipeline for an orchestrator: its description, or with --run the compiled pipeline of one run."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    loaded = with_data(load_config(config), as_of=as_of.date() if as_of else None)
    require_folder(data)
    place = Workspace(workspace.resolve())
    run_folder = RunFolder(place, run_id) if run_id else None
    from pipeline.running import orchestration

    today = datetime.now().astimezone().date()
    if run_folder is None:
        typer.echo(f"wrote {orchestration.describe(data, place, loaded, config, today)}")
    else:
        done = orchestration.begin(data, run_folder, loaded, today, reason.strip())
        typer.echo(f"{'compiled' if done else 'was compiled already:'} {run_folder.path}")


def run_node(
    workspace: WorkspaceOption,
    run_id: RunOption,
    node: Annotated[str, typer.Option("--node", help="Id of the node, such as Transform.")],
) -> None:
    """Run exactly one node of a compiled run; after a kill, call it again."""
    from pipeline.running.node_client import run_node_of
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    raise typer.Exit(run_node_of(RunFolder(Workspace(workspace.resolve()), run_id), node))


def finish_run(workspace: WorkspaceOption, run_id: RunOption, config: ConfigOption = None) -> None:
    """Write summary, page and figures of a run whose nodes have ended, and say how it ended."""
    from pipeline.config import load_config
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    loaded, run_folder = load_config(config), RunFolder(Workspace(workspace.resolve()), run_id)
    from pipeline.running import orchestration

    raise typer.Exit(orchestration.end(run_folder, loaded, terminal()))


def node_server(workspace: WorkspaceOption) -> None:
    """Keep TFX imported for run-node, until it is stopped; without it each node imports TFX itself."""
    from pipeline.workspace import Workspace

    place = Workspace(workspace.resolve())
    place.create()
    from pipeline.running.node_server import NodeServer

    typer.echo(f"serves nodes of {place.root}")
    NodeServer(place).serve()
