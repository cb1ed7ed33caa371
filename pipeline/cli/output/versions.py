"""The kept pairs, what changed which of them serves, and what the registry and the object store say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from contracts.models import DEMAND, MODELS, REPLENISHMENT
from pipeline.cli.output.tables import print_table
from serving.directory.layout import State

if TYPE_CHECKING:
    from pipeline.registry.telling import Told

_HISTORY_SHOWN, _RUNS_SHOWN = 10, 5


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
    console.print(f"pair {now.stable} serves, before it was {before.stable or 'none'}")
    gone = sorted(set(now.withdrawn) - set(before.withdrawn))
    if gone:
        console.print(f"withdrawn: {', '.join(map(str, gone))}; 'rollback --to {gone[-1]}' brings it back")


def print_told(told: Told, console: Console) -> None:
    """Prints what changed in the registry."""
    for sentence in told.overruled:
        console.print(sentence, soft_wrap=True)
    if not (told.runs or told.pairs or told.moves):
        console.print("the registry knew all")
        return
    console.print(f"the registry was told {len(told.runs)} run(s) and {len(told.pairs)} pair(s)")
    for move in told.moves:
        names = "is taken away" if move.pair is None else f"is pair {move.pair}"
        console.print(f"  {move.model}@{move.alias} {names}", soft_wrap=True)


def print_sides(found: dict[str, Any], console: Console) -> None:
    """Prints what ``show`` found."""
    console.print(f"registry {found['address']}", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("alias", "directory", *MODELS):
        table.add_column(name, no_wrap=True)
    names = dict.fromkeys(
        [*found["directory"], *(alias for by in found["registry"].values() for alias in by)]
    )
    for alias in names:
        pairs = (_pair(found["registry"][model].get(alias)) for model in MODELS)
        table.add_row(alias, str(found["directory"].get(alias, "-")), *pairs)
    print_table(console, table)
    for sentence in found["differences"]:
        console.print(f"  {sentence}", soft_wrap=True)
    runs = found["runs_not_told"]
    if runs:
        more = f" and {len(runs) - _RUNS_SHOWN} more" if len(runs) > _RUNS_SHOWN else ""
        console.print(f"  runs not told: {', '.join(runs[:_RUNS_SHOWN])}{more}", soft_wrap=True)
    if not runs and not found["differences"]:
        console.print("both sides agree")


def _pair(named: dict[str, Any] | None) -> str:
    if named is None:
        return "-"
    pair = "no pair of ours" if named["pair"] is None else str(named["pair"])
    return f"{pair} (version {named['version']})"


def print_publication(found: dict[str, Any], console: Console) -> None:
    """Prints what ``pipeline.publication.commands.show`` found."""
    canary = f", canary {found['canary']}" if found["canary"] is not None else ""
    reason = f": {found['reason']}" if found["reason"] else ""
    pairs = ", ".join(map(str, found["pairs"]))
    here = (
        "the same as here" if found["current"] else "not what serves here; 'publication sync' publishes that"
    )
    for line in (
        f"{found['address']} shows pair {found['stable']}{canary}, {here}",
        f"{found['action']} of {found['at']} by {found['by']}{reason}",
        f"pairs there: {pairs}",
    ):
        console.print(line, soft_wrap=True)
