"""What an orchestrator calls."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated, Literal

import typer

from contracts.exit_codes import ExitCode
from pipeline.cli.logs import read_collector
from pipeline.cli.options import (
    BecauseOption,
    ConfigOption,
    DataOption,
    RunOption,
    TrainAsOfOption,
    WorkspaceOption,
    read_config,
)
from pipeline.cli.output.terminal import terminal
from pipeline.cli.sharing.telling import share
from pipeline.node_result import NodeResult
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace


def compile_(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="Compile for this run, with the data as they are now.")
    ] = None,
    as_of: TrainAsOfOption = None,
    reason: Annotated[str, typer.Option(help="Judge without the pair that serves now, and why.")] = "",
    purpose: Annotated[
        Literal["training", "planning"],
        typer.Option(help="What the store calls the run; one for planning ends at the data gate."),
    ] = "training",
    because: BecauseOption = "",
) -> None:
    """Write the pipeline for an orchestrator: its description, or with --run the compiled pipeline of one run."""
    loaded = read_config(config, data, as_of=as_of)
    place = Workspace(workspace.resolve())
    run_folder = RunFolder(place, run_id) if run_id else None
    from pipeline.running import orchestration

    today = datetime.now().astimezone().date()
    if run_folder is None:
        typer.echo(f"wrote {orchestration.describe(data, place, loaded, config, today)}")
    else:
        place.create()
        with run_folder.logs(read_collector()).command("compile"):
            done = orchestration.begin(
                data, run_folder, loaded, today, reason.strip(), purpose, because.strip()
            )
        typer.echo(f"{'compiled' if done else 'was compiled already:'} {run_folder.path}")


def run_node(
    workspace: WorkspaceOption,
    run_id: RunOption,
    node: Annotated[str, typer.Option("--node", help="Id of the node, such as Transform.")],
) -> None:
    """Run exactly one node of a compiled run; after a kill, call it again."""
    from pipeline.cli.output.node import print_node, write_log
    from pipeline.running.node_client import run_node_of

    run_folder = RunFolder(Workspace(workspace.resolve()), run_id)
    result = run_node_of(run_folder, node, write_log, read_collector())
    print_node(result)
    raise typer.Exit(_exit_code(result))


def _exit_code(result: NodeResult) -> ExitCode:
    """Of a node that failed, or whose process was killed, 1: trying again may help."""
    if result.ended_well:
        return ExitCode.SUCCESS
    if result.state == "refused":
        return ExitCode.REFUSED
    return ExitCode.USAGE if result.by_user else ExitCode.FAILURE


def finish_run(workspace: WorkspaceOption, run_id: RunOption, config: ConfigOption = None) -> None:
    """Write summary, page and metrics of a run whose nodes have ended, and say how it ended."""
    loaded, run_folder = read_config(config), RunFolder(Workspace(workspace.resolve()), run_id)
    from pipeline.cli.output.closing import print_ending
    from pipeline.running import orchestration

    collector = read_collector()
    with run_folder.logs(collector).command("finish-run"):
        ending = orchestration.end(run_folder, loaded, collector)
    print_ending(terminal(), ending, run_folder.workspace)
    share(run_folder.workspace, run_id)
    raise typer.Exit(ending.exit_code)


def finish_planning(workspace: WorkspaceOption, run_id: RunOption) -> None:
    """Write how a planning run ended, and what the data gate found, and say so; fails where there is no plan."""
    from pipeline.running.planning_end import end_planning

    run_folder = RunFolder(Workspace(workspace.resolve()), run_id)
    with run_folder.logs(read_collector()).command("finish-planning"):
        status, reasons = end_planning(run_folder)
    typer.echo("\n".join([f"planning run {run_id}: {status.replace('_', ' ')}", *reasons]))
    codes = {"planned": ExitCode.SUCCESS, "refused_data": ExitCode.REFUSED}
    raise typer.Exit(codes.get(status, ExitCode.FAILURE))


def node_server(workspace: WorkspaceOption) -> None:
    """Keep TFX imported for run-node, until it is stopped; without it each node imports TFX itself."""
    place = Workspace(workspace.resolve())
    place.create()
    from pipeline.running.node_server import NodeServer

    typer.echo(f"serves nodes of {place.root}")
    NodeServer(place, read_collector()).serve()


def beam_worker(
    worker_id: Annotated[str, typer.Option("--id", help="What the TaskManager calls it.")],
    provision_endpoint: Annotated[
        str, typer.Option("--provision_endpoint", help="HOST:PORT where the TaskManager says what for.")
    ],
) -> None:
    """Do Beam's work for a TaskManager of Flink, which starts it: see docs/scaling.md."""
    from pipeline.engine.product import Refused, check
    from pipeline.engine.submitting import CODE, FOLDERS

    try:
        check(os.environ.get(CODE, ""), os.environ.get(FOLDERS, ""))
    except Refused as refusal:
        typer.echo(f"retail-inventory: {refusal}", err=True)
        raise typer.Exit(refusal.code) from refusal
    # Only then: it imports TensorFlow, which takes seconds.
    from pipeline.engine.worker import work

    work(worker_id, provision_endpoint, os.environ)
