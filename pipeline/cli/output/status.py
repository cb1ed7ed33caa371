"""Past runs of a workspace, and what serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.cli.output.tables import print_table
from serving.directory.layout import State


def print_status(runs: Iterable[Mapping[str, Any]], serving: State, console: Console) -> None:
    """Prints what ``past_runs`` found, and the versions that are in the serving directory."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    # The run's id begins with the time (UTC) at which it began.
    for column in ("run", "status"):
        table.add_column(column, no_wrap=True)
    for column in ("ran", "cached", "failed", "unfinished"):
        table.add_column(column, justify="right")
    for run in runs:
        counts = (str(run[name]) for name in ("ran", "cached", "failed", "unfinished"))
        table.add_row(run["run_id"], run["status"], *counts)
    print_table(console, table)
    canary = f", canary {serving.canary}" if serving.canary else ""
    console.print(f"\nserves pair {serving.stable or 'none'}{canary}")
