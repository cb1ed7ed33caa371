"""Tables on narrow terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from pipeline.cli.output.closing import policies_table
from pipeline.cli.output.tables import print_table


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_figure_is_cut(width: int) -> None:
    screen = io.StringIO()
    metrics = {"total_cost": 123_456_789.0, "holding_cost": 98_765_432.0, "shortage_cost": 24_691_357.0}
    metrics |= {"fill_rate": 0.98765, "cycle_service_level": 0.5, "average_stock_value": 9_876_543_210.0}
    table = policies_table("Simulation", {"base_stock": metrics, "a policy of a long name": metrics})
    print_table(Console(file=screen, width=width), table)
    said = screen.getvalue()
    assert "…" not in said and all(f"{value:,.0f}" in said for value in metrics.values() if value > 1)


def test_a_wide_terminal_changes_nothing() -> None:
    table = Table("a", "b")
    table.add_row("1", "2")
    plain, ours = io.StringIO(), io.StringIO()
    Console(file=plain, width=80).print(table)
    print_table(Console(file=ours, width=80), table)
    assert ours.getvalue() == plain.getvalue()
