"""Whether a training is due."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import UserError
from contracts.exit_codes import ExitCode
from pipeline.cli.logs import logged
from pipeline.cli.options import (
    ConfigOption,
    DecisionAsJsonOption,
    ExplainOption,
    PlanningRunOption,
    WorkspaceOption,
    parse_text,
    read_config,
)
from pipeline.cli.output.tables import finding_line
from pipeline.cli.output.terminal import terminal
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

    from contracts.records.retraining import Decision


def retraining(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    explain: ExplainOption = False,
    order: Annotated[
        str,
        typer.Option(
            callback=parse_text, help="Order a training, for this reason, whatever holds one back; recorded."
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, and write nothing down.")] = False,
    as_json: DecisionAsJsonOption = False,
    run_id: PlanningRunOption = None,
) -> None:
    """Decide whether to train anew, and write the decision down with its reasons; exit code 4: nothing is due."""
    loaded = read_config(config)
    place = Workspace(workspace.resolve())
    if not place.root.is_dir():
        raise UserError(f"{place.root}: is no workspace; give the --workspace that you plan or train in")
    planning_id = RunFolder(place, run_id).run_id if run_id else None
    from pipeline.operations.retraining.decision import Order
    from pipeline.operations.retraining.weighing import weigh

    ordered = Order(getpass.getuser(), order.strip()) if order.strip() else None
    with logged(place, "retraining", planning_id):
        decision = weigh(place, loaded, datetime.now().astimezone(), ordered, planning_id, dry_run)
    if as_json:
        typer.echo(decision.model_dump_json())
    else:
        _print(decision, explain, terminal())
    raise typer.Exit(ExitCode.SUCCESS if decision.due else ExitCode.NOT_DUE)


def _print(decision: Decision, explain: bool, console: Console) -> None:
    from rich.text import Text

    serves = f"pair {decision.pair} serves" if decision.pair is not None else "no pair serves"
    known = f", sales are known until {decision.newest_date}" if decision.newest_date else ""
    console.print(Text(f"{serves}{known}"), soft_wrap=True)
    for title, findings in (("reasons", decision.reasons), ("what holds back", decision.guards)):
        shown = [finding for finding in findings if explain or finding.crossed]
        if shown:
            console.print(Text(title, "bold"))
        for finding in shown:
            console.print(Text(f"  {finding_line(finding)}"), soft_wrap=True)
    verdict = ("a training is due", "green") if decision.due else ("no training is due", "dim")
    console.print(Text.assemble(verdict, f": {decision.said}"), soft_wrap=True)
