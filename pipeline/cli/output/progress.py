"""The live display of a run, and its plain form where the output is no terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.node_result import NodeResult

_STYLES = {"ran": "green", "cached": "cyan", "running": "yellow", "failed": "bold red", "refused": "bold red"}
_REFRESH_SECONDS = 0.2


class Progress:
    """Shows each node with its state and seconds while the run goes on.

    On a terminal one table is redrawn; elsewhere one line is printed when a node ends, and the table when all have. It
    draws only when it is called, never from a thread of its own, because the runner forks.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._results: list[NodeResult] = []
        self._printed: set[str] = set()
        self._drawn = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        elif self._results and error is None:
            self._console.print(components_table(self._results))

    def __call__(self, results: list[NodeResult]) -> None:
        self._results = results
        if self._live is None:
            self._print_ended(results)
            return
        # Only now, so that what was said before stands above as it was.
        self._live.start()
        if time.monotonic() - self._drawn > _REFRESH_SECONDS or not any(
            r.state == "running" for r in results
        ):
            self._live.update(Group(components_table(results)), refresh=True)
            self._drawn = time.monotonic()

    def _print_ended(self, results: list[NodeResult]) -> None:
        for result in results:
            if result.state not in ("waiting", "running", "skipped") and result.node not in self._printed:
                self._printed.add(result.node)
                self._console.print(f"{result.node:<24} {result.state:<8} {result.seconds:6.1f} s")


def components_table(results: list[NodeResult]) -> Table:
    """One line a node: state, seconds, peak memory."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("component", min_width=24)
    table.add_column("state", min_width=8)
    table.add_column("seconds", justify="right")
    table.add_column("peak MiB", justify="right")
    for result in results:
        started = result.state not in ("waiting", "skipped")
        table.add_row(
            result.node,
            Text(result.state, style=_STYLES.get(result.state, "dim")),
            f"{result.seconds:.1f}" if started else "",
            str(result.peak_mib) if result.peak_mib else "",
        )
    return table
