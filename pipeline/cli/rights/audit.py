"""The audit trail: who did what, when and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.logs import logged
from pipeline.cli.options import WorkspaceOption
from pipeline.cli.output.terminal import terminal
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console


def audit(
    workspace: WorkspaceOption,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day to show; all, if unset.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the acts as JSON, for programs.")] = False,
) -> None:
    """Show who overrode, accepted, waived, promoted, rolled back, ordered or restored what, when and why."""
    from pipeline.operations.audit import trail

    acts = trail(Workspace(workspace.resolve()), since.astimezone() if since else None)
    if as_json:
        typer.echo(json.dumps(acts, indent=1, default=datetime.isoformat))
    else:
        _print(acts, terminal())


def tell_audit(workspace: Workspace) -> None:
    """Adds to the trail what a command has just done to the serving directory, and prints where that cannot be.

    The next run, plan or look at the trail then does.
    """
    from pipeline.operations.audit import has_trail, tell

    if not has_trail(workspace):
        return
    with logged(workspace, "audit"):
        said = tell(workspace)
    if said:
        terminal().print(said, soft_wrap=True)


def _print(acts: Sequence[dict[str, Any]], console: Console) -> None:
    if not acts:
        console.print("nothing was overridden, accepted, waived, promoted, rolled back, ordered or restored")
    for act in acts:
        detail, reason = (f" ({act['detail']})" if act["detail"] else ""), act["reason"] or "no reason given"
        console.print(
            f"{act['acted_at'].astimezone():%Y-%m-%d %H:%M:%S}  {act['action']} {act['subject']}{detail} "
            f"by {act['acted_by']}: {reason} [{act['occasion']}]",
            soft_wrap=True,
        )
