"""Tables on a terminal: never with a figure cut off."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segment, Segments
from rich.table import Table

_WIDEST = 1000


def print_table(console: Console, table: Table) -> None:
    """Prints a table as wide as its figures are; where the terminal is narrower, it breaks the lines."""
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    if needed <= console.width:
        console.print(table)
        return
    # What is printed is never wider than the console; lines that are rendered already are left as they are.
    for line in console.render_lines(table, console.options.update(width=min(needed, _WIDEST)), pad=False):
        console.print(Segments([*line, Segment.line()]), end="", crop=False)
