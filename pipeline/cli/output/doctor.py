"""What the doctor found."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.operations.check import Check

_STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


def print_checks(found: list[Check], console: Console) -> None:
    """A table with one line a check, and the advice under what needs some."""
    table = Table("Check", "State", "Found, and what to do", title="Doctor", title_justify="left")
    for check in found:
        text = f"{check.found}\n{check.advice}" if check.advice else check.found
        table.add_row(check.name, Text(check.state, _STYLES[check.state]), text)
    console.print(table)
