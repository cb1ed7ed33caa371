"""What becomes of the challenger."""

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
from pipeline.cli.sharing.telling import share
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from contracts.records.promotion import PromotionDecision
    from pipeline.operations.promotion.decision import Order


def challenger(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    explain: ExplainOption = False,
    promote: Annotated[
        str,
        typer.Option(
            callback=parse_text,
            help="Let the challenger serve, for this reason, whatever the figures say; recorded.",
        ),
    ] = "",
    withdraw: Annotated[
        str,
        typer.Option(callback=parse_text, help="Try the challenger no longer, for this reason; recorded."),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, and change nothing.")] = False,
    as_json: DecisionAsJsonOption = False,
    run_id: PlanningRunOption = None,
) -> None:
    """Promote or withdraw the challenger, or go on scoring it; exit code 4: nothing is decided yet."""
    loaded = read_config(config)
    place = Workspace(workspace.resolve())
    if not place.root.is_dir():
        raise UserError(f"{place.root}: is no workspace; give the --workspace that you plan in")
    order = _order(promote.strip(), withdraw.strip())
    planning_id = RunFolder(place, run_id).run_id if run_id else None
    from pipeline.operations.promotion.weighing import weigh

    by = "challenger" if order is None else order.by
    with logged(place, "challenger", planning_id):
        weighed = weigh(place, loaded, datetime.now().astimezone(), by, order, planning_id, dry_run)
    decision = weighed.decision
    if as_json:
        typer.echo("null" if decision is None else decision.model_dump_json())
    elif decision is None:
        terminal().print("there is no challenger", soft_wrap=True)
    else:
        print_decision(decision, explain, dry_run)
    if weighed.changed is not None and not share(place, planning_id) and order is not None:
        raise typer.Exit(ExitCode.FAILURE)
    decided = decision is not None and decision.action != "wait"
    raise typer.Exit(ExitCode.SUCCESS if decided else ExitCode.NOT_DUE)


def _order(promote: str, withdraw: str) -> Order | None:
    if promote and withdraw:
        raise UserError("give either --promote or --withdraw")
    if not (promote or withdraw):
        return None
    from pipeline.operations.promotion.decision import Order

    return Order(getpass.getuser(), "promote" if promote else "withdraw", promote or withdraw)


def print_decision(decision: PromotionDecision, explain: bool = False, dry_run: bool = False) -> None:
    """What was decided; the figures that did, or all of them."""
    from rich.text import Text

    console = terminal()
    known = f", sales are known until {decision.newest_date}" if decision.newest_date else ""
    beside = f"challenger pair {decision.challenger} beside champion pair {decision.champion}{known}"
    console.print(Text(beside), soft_wrap=True)
    for finding in decision.findings:
        if explain or finding.crossed:
            console.print(Text(f"  {finding_line(finding)}"), soft_wrap=True)
    would = "would be " if dry_run else "is "
    verdict = {
        "promote": (f"pair {decision.challenger} {would}promoted", "green"),
        "withdraw": (f"pair {decision.challenger} {would}withdrawn", "yellow"),
        "wait": ("nothing is decided yet", "dim"),
    }[decision.action]
    console.print(Text.assemble(verdict, f": {decision.said}"), soft_wrap=True)
