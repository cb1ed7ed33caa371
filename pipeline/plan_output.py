"""A plan in a few lines on the terminal."""

from __future__ import annotations

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from components.planning.lines import MODEL
from pipeline.plan import Plan

_COLUMNS = {
    "store_id": "store",
    "product_id": "product",
    "expected_demand": "expected",
    "safety_stock": "safety",
    "on_hand": "on hand",
    "on_order": "on order",
    "rounding_adjustment": "rounding",
    "order_quantity": "order",
}
_TEXTS = ("store_id", "product_id")
_SHOWN = 8


def print_plan(plan: Plan, console: Console) -> None:
    """What is ordered in all, the largest lines, and where the files are."""
    lines = plan.lines
    ordered = lines.filter(pc.greater(lines["order_quantity"], 0))
    overridden = lines.num_rows - lines["override_quantity"].null_count
    console.print(
        f"plan as of {plan.as_of}: {lines.num_rows:,} series, {ordered.num_rows:,} orders of "
        f"{pc.sum(ordered['order_quantity']).as_py() or 0:,.0f} units, {overridden:,} overridden\n"
    )
    table = Table(title="The largest orders", title_justify="left", box=None, pad_edge=False)
    for name, title in _COLUMNS.items():
        table.add_column(title, justify="left" if name in _TEXTS else "right")
    for line in ordered.sort_by([("order_quantity", "descending")]).slice(0, _SHOWN).to_pylist():
        table.add_row(*(line[name] if name in _TEXTS else f"{line[name]:,.10g}" for name in _COLUMNS))
    console.print(table)
    others = lines.filter(pc.not_equal(lines["method"], MODEL))
    for count in others["reason"].value_counts().to_pylist():
        console.print(f"  not by the model, {count['counts']:,}: {count['values']}")
    for name in ("order_lines.csv", "order_lines.parquet", "forecasts.parquet"):
        console.print(f"  {plan.folder / name}", soft_wrap=True)
