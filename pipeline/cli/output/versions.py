"""The kept pairs, and what changed which of them serves."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.models import DEMAND, REPLENISHMENT
from pipeline.cli.output.tables import print_table
from serving.directory.layout import State

_HISTORY_SHOWN = 10


def print_versions(found: dict[str, Any], console: Console) -> None:
    """Prints what ``described`` found."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("version", "stage", "age", "data to", "wape", "bias", "cost", "fill rate"):
        table.add_column(name, no_wrap=True, justify="left" if name in ("stage", "data to") else "right")
    for pair in found["versions"]:
        demand, orders = pair["metrics"][DEMAND], pair["metrics"][REPLENISHMENT]
        table.add_row(
            str(pair["version"]),
            pair["stage"],
            f"{pair['age_days']:.1f} d",
            pair["last_date"],
            *(_formatted(metrics, name, form) for metrics, name, form in (
                (demand, "wape", ".4f"), (demand, "bias", "+.2%"), (orders, "cycle_cost", ",.2f"),
                (orders, "fill_rate", ".2%"))),
        )  # fmt: skip
    print_table(console, table)
    console.print()
    for record in found["history"][:_HISTORY_SHOWN]:
        canary = f", canary {record['canary']}" if record["canary"] else ""
        reason = f": {record['reason']}" if record["reason"] else ""
        console.print(
            f"{record['at']}  {record['action']} by {record['by']}, then stable {record['stable']}{canary}{reason}",
            soft_wrap=True,
        )


def _formatted(metrics: dict[str, float], name: str, form: str) -> str:
    return format(metrics[name], form) if name in metrics else ""


def print_change(before: State, now: State, console: Console) -> None:
    """Prints what a roll-back or a promotion did."""
    if before == now:
        console.print(f"nothing to do: pair {now.stable} serves already")
        return
    console.print(f"pair {now.stable} serves, before it was {before.stable}")
    gone = sorted(set(now.withdrawn) - set(before.withdrawn))
    if gone:
        console.print(f"withdrawn: {', '.join(map(str, gone))}; 'rollback --to {gone[-1]}' brings it back")
