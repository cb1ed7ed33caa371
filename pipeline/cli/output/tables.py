"""Tables on a terminal, never with a figure cut off; and what was weighed, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segment, Segments
from rich.table import Table

if TYPE_CHECKING:
    from contracts.records.promotion import PromotionFinding
    from contracts.records.retraining import Finding

_WIDEST = 1000


def finding_line(finding: Finding | PromotionFinding) -> str:
    """A figure beside its bound and what it says; a star: it counts."""
    figures = "" if finding.value is None else f" {finding.value:.4g}"
    figures += "" if finding.value is None or finding.bound is None else f" (bound {finding.bound:.4g})"
    return f"{'*' if finding.crossed else ' '} {finding.name.replace('_', ' ')}{figures}: {finding.said}"


def print_table(console: Console, table: Table) -> None:
    """Prints a table as wide as its figures are; where the terminal is narrower, it breaks the lines."""
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    if needed <= console.width:
        console.print(table)
        return
    # What is printed is never wider than the console; lines that are rendered already are left as they are.
    for line in console.render_lines(table, console.options.update(width=min(needed, _WIDEST)), pad=False):
        console.print(Segments([*line, Segment.line()]), end="", crop=False)
