"""Prints the closing summary for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.models import DEMAND, REPLENISHMENT
from contracts.records.checks import WHOLE
from contracts.records.summary import SUMMARY_FILE, DataSummary, ModelSummary, Summary, WatchSummary
from pipeline.cli.output.notes import print_findings
from pipeline.cli.output.tables import print_table
from pipeline.running.completion import Ending
from pipeline.workspace import Workspace
from serving.directory.layout import read_history
from serving.directory.pushing import CANARY

_DEMAND_COLUMNS = ("wape", "bias", "mae", "rmse", "wape_all")
_REPLENISHMENT_COLUMNS = ("cycle_cost", "fill_rate", "service_level")
_SIMULATION_COLUMNS = {
    "total_cost": "cost",
    "holding_cost": "holding",
    "shortage_cost": "shortage",
    "waste_cost": "waste",
    "fill_rate": "fill rate",
    "cycle_service_level": "cycles",
    "average_stock_value": "stock value",
}
_FRACTIONS = frozenset({"wape", "bias", "wape_all", "fill_rate", "service_level", "cycle_service_level"})
_MONEY = frozenset({"total_cost", "holding_cost", "shortage_cost", "waste_cost", "average_stock_value"})
_PROBLEMS_SHOWN = 40


def print_ending(console: Console, ending: Ending, workspace: Workspace) -> None:
    """What could not be written down, and the closing summary."""
    for warning in ending.warnings:
        console.print(warning, soft_wrap=True)
    print_closing(console, ending.summary, workspace)


def print_closing(console: Console, summary: Summary, workspace: Workspace) -> None:
    """Data, both models against their baselines, the verdicts, and where everything is."""
    if summary.because:
        console.print(Text.assemble(("\nWhy it ran", "bold"), f"  {summary.because}"), soft_wrap=True)
    _print_data(console, summary.data, workspace)
    models = summary.models
    if any(model.evaluated for model in models.values()):
        demand, replenishment = models[DEMAND], models[REPLENISHMENT]
        print_table(console, _table("Demand forecasting, test split", "forecast", demand, _DEMAND_COLUMNS))
        if coverage := demand.metrics.coverage:
            shares = "  ".join(f"{level}: {_fraction(share)}" for level, share in coverage.items())
            console.print(f"coverage of its quantiles  {shares}\n")
        title = "Replenishment optimization, test split"
        print_table(console, _table(title, "policy", replenishment, _REPLENISHMENT_COLUMNS))
        if summary.simulation:
            title = "Simulation of the test period, closed loop"
            console.print()
            policies = {name: found.model_dump() for name, found in summary.simulation.items()}
            print_table(console, policies_table(title, policies))
            if summary.planning is not None:
                console.print(summary.planning.said())
        for name, model in models.items():
            _print_verdict(console, name, model)
        if summary.watch is not None:
            _print_watch(console, summary.watch)
        for remedy in summary.remedies:
            console.print(Text.assemble(("\nwhat to do: ", "bold"), remedy), soft_wrap=True)
    _print_end(console, summary, workspace)


def _print_data(console: Console, data: DataSummary, workspace: Workspace) -> None:
    if data.rows:
        windows = ", ".join(f"{count:,} {split}" for split, count in data.windows.items())
        console.print(
            Text.assemble(
                ("\nData", "bold"),
                f"  {data.rows:,} rows, {data.series:,} series, {data.first_date} to {data.last_date}, "
                f"span {data.span}" + (f"; windows: {windows}" if windows else ""),
            )
        )
    fallbacks = [(fallback.what, fallback.used) for fallback in data.fallbacks]
    print_findings(data.rejected_rows, workspace.quarantine, fallbacks, data.notes, console)
    for warning in data.warnings:
        console.print(Text.assemble("  ", ("warning", "yellow"), f": {warning}"), soft_wrap=True)
    console.print()


def _table(title: str, what: str, model: ModelSummary, columns: tuple[str, ...]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    table.add_column(what, min_width=16)
    for column in columns:
        table.add_column(column, justify="right")
    for name, metrics in model.methods.items():
        table.add_row(name, *(formatted(column, metrics.get(column)) for column in columns))
    return table


def formatted(name: str, value: float | None) -> str:
    """A metric as people read it: a share in percent, money in whole units, a dash where there is none."""
    if value is None:
        return "-"
    if name in _MONEY:
        return f"{value:,.0f}"
    return _fraction(value) if name in _FRACTIONS else f"{value:.4g}"


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _print_verdict(console: Console, name: str, model: ModelSummary) -> None:
    verdict = ("blessed", "green") if model.blessed else ("refused", "bold red")
    console.print(Text.assemble(f"\n{name}: ", verdict))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "check", "value", "threshold"):
        table.add_column(column, justify="right" if column in ("value", "threshold") else "left")
    for check in model.checks:
        where = "" if check.slice == WHOLE else f" ({check.slice})"
        mark = "passed" if check.verdict == "pass" else Text("FAILED", "bold red")
        table.add_row(mark, Text(check.check + where), _plain(check.value), _plain(check.threshold))
    if model.checks:
        console.print(table)
    for reason in model.reasons:
        console.print(Text(f"  {reason}", "red"), soft_wrap=True)


def _print_watch(console: Console, watch: WatchSummary) -> None:
    verdict = ("blessed", "green") if watch.blessed else ("refused", "bold red")
    console.print(
        Text.assemble("\ndemand_watch: ", verdict, "" if watch.blessed else ", the pair goes without it")
    )
    shown = "  ".join(f"{name} {_plain(value)}" for name, value in watch.metrics.items())
    console.print(f"  {shown}", soft_wrap=True)
    for reason in watch.reasons:
        console.print(Text(f"  {reason}", "red"), soft_wrap=True)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def policies_table(title: str, policies: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each policy cost and how well it served, the cheapest first."""
    table = Table(
        title=Text(title),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
    )
    table.add_column("policy", min_width=14)
    for title in _SIMULATION_COLUMNS.values():
        table.add_column(title, justify="right")
    for name, metrics in sorted(policies.items(), key=lambda found: found[1]["total_cost"]):
        table.add_row(name, *(formatted(column, metrics.get(column)) for column in _SIMULATION_COLUMNS))
    return table


def _beside(workspace: Workspace) -> str:
    """What a pair that does not serve yet stands beside, and whose place it took."""
    newest = read_history(workspace.serving)[-1]
    reason = f", {newest['reason']}" if newest["reason"] else ""
    return f"pair {newest['stable']} goes on serving; pair {newest['canary']} is tried beside it{reason}"


def _print_end(console: Console, summary: Summary, workspace: Workspace) -> None:
    components, logs = summary.components, workspace.logs(summary.run_id)
    cached = sum(component.cached for component in components)
    for component in components:
        if component.state == "failed":
            log = logs / f"{component.node}.log"
            console.print(Text.assemble((f"\n{component.node} failed", "bold red"), f": {component.reason}"))
            console.print(f"  its log: {log}", soft_wrap=True)
    problems = summary.data.problems
    if problems:
        console.print(Text.assemble(("The data was refused", "bold red"), f": {len(problems)} problem(s)"))
        for problem in problems[:_PROBLEMS_SHOWN]:
            console.print(f"  {problem}", soft_wrap=True)
        if len(problems) > _PROBLEMS_SHOWN:
            console.print(f"  and {len(problems) - _PROBLEMS_SHOWN} more, all of them in {SUMMARY_FILE}")
    console.print(
        Text.assemble(
            (f"\n{summary.status}", "bold"),
            f"  run {summary.run_id}, {cached} of {len(components)} cached",
        )
    )
    for name, model in summary.models.items():
        if model.pushed_version:
            console.print(
                f"  {model.stage or 'serving'}: {workspace.serving / name / str(model.pushed_version)}",
                soft_wrap=True,
            )
    if any(model.stage == CANARY for model in summary.models.values()):
        console.print(f"  {_beside(workspace)}", soft_wrap=True)
    page = workspace.page(summary.run_id)
    if page.exists():
        console.print(f"  report:  {page}", soft_wrap=True)
    console.print(f"  summary: {workspace.report(summary.run_id) / SUMMARY_FILE}", soft_wrap=True)
    console.print(f"  logs:    {logs}", soft_wrap=True)
