"""The pushed pair against the classical policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.policies import spoken
from pipeline.cli.output.closing import formatted, policies_table
from pipeline.cli.output.tables import print_table

_FRONTIER_COLUMNS = {
    "fill_rate": "fill rate",
    "cycle_service_level": "cycles",
    "average_stock_units": "stock units",
    "average_stock_value": "stock value",
    "total_cost": "cost",
}


def print_simulation(found: Mapping[str, Any], console: Console) -> None:
    """One table of the policies, one for each store and category, and the frontier."""
    policies = found["policies"]
    console.print(
        f"{found['series']:,} series; demand estimated, for want of stock or of a record, "
        f"in {found['estimated']:.1%} of their periods\n"
    )
    print_table(console, policies_table("All series", policies))
    console.print()
    groups = sorted({name for policy in policies.values() for name in policy.get("by", {})})
    for name in groups:
        by_policy = {p: f["by"][name] for p, f in policies.items() if "by" in f}
        print_table(console, policies_table(name, by_policy))
        console.print()
    title = f"Orders by {spoken(found['frontier_of'])} at other service levels"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for title in ("service level", *_FRONTIER_COLUMNS.values()):
        table.add_column(title, justify="right")
    for point in found["frontier"]:
        fractions = [formatted(name, point[name]) for name in ("fill_rate", "cycle_service_level")]
        units = [
            "-" if point[name] is None else f"{point[name]:,.0f}"
            for name in ("average_stock_units", "average_stock_value", "total_cost")
        ]
        table.add_row(f"{point['service_level']:.0%}", *fractions, *units)
    print_table(console, table)
