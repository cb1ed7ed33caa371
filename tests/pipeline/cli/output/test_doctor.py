from __future__ import annotations

from rich.console import Console

from pipeline.cli.output.doctor import print_checks
from pipeline.operations.check import Check


def test_advice_stands_in_the_table() -> None:
    console = Console(width=100, record=True)
    print_checks([Check("A", "ok", "fine"), Check("B", "warn", "little", "Do this.")], console)
    assert "Do this." in console.export_text()
