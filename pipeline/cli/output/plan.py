"""A plan in a few lines on the terminal."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from contracts import files
from contracts.policies import FORECAST_PLAN, MODEL
from contracts.rows import SERIES_KEYS
from pipeline.cli.output.notes import print_notes
from pipeline.cli.output.tables import print_table
from pipeline.orders.plan import Plan
from pipeline.orders.planning.holding import ALL, is_held_back, names

if TYPE_CHECKING:
    from contracts.errors import DataRejected
    from pipeline.orders.changes.asked import KeptUp

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
_TEXTS = SERIES_KEYS
_SHOWN = 8


def print_plan(plan: Plan, console: Console) -> None:
    """What is held back, what is ordered in all, the largest lines, and where the files are."""
    lines = plan.lines
    _print_held(lines.filter(is_held_back(lines)), console)
    print_notes(plan.notes, console)
    ordered = lines.filter(pc.greater(lines["order_quantity"], 0))
    overridden = lines.num_rows - lines["override_quantity"].null_count
    console.print(
        f"plan as of {plan.as_of}: {lines.num_rows:,} series, {ordered.num_rows:,} orders of "
        f"{pc.sum(ordered['order_quantity']).as_py() or 0:,.0f} units, {overridden:,} overridden"
        + _accepted(lines)
        + "\n"
    )
    table = Table(title="The largest orders", title_justify="left", box=None, pad_edge=False)
    for name, title in _COLUMNS.items():
        table.add_column(title, justify="left" if name in _TEXTS else "right")
    for line in ordered.sort_by([("order_quantity", "descending")]).slice(0, _SHOWN).to_pylist():
        table.add_row(*(line[name] if name in _TEXTS else f"{line[name]:,.10g}" for name in _COLUMNS))
    print_table(console, table)
    if plan.promoted is not None:
        console.print(f"  {plan.promoted}", soft_wrap=True)
    if plan.challenger:
        console.print(f"  {plan.challenger}", soft_wrap=True)
    others = lines.filter(pc.invert(pc.is_in(lines["method"], pa.array([FORECAST_PLAN, MODEL]))))
    # What comes after is each line's own: how its stock came about, and how it was rounded.
    why = pc.list_element(pc.split_pattern(others["reason"], "; "), 0)
    for count in why.value_counts().to_pylist():
        console.print(f"  not by a model, {count['counts']:,}: {count['values']}")
    for name in ("order_lines.csv", "order_lines.parquet", files.FORECASTS):
        console.print(f"  {plan.folder / name}", soft_wrap=True)


def print_kept_up(made: KeptUp | None, console: Console) -> None:
    """What was new, and what was planned again; the plan itself where that was all of it."""
    if made is None:
        console.print("nothing is new: the plan has all files")
        return
    lines = made.plan.lines
    if made.why_all:
        print_plan(made.plan, console)
        what = f"all {made.series:,} series, as {made.why_all}"
    else:
        held = lines.filter(is_held_back(lines)).num_rows
        what = f"{made.series:,} of {lines.num_rows:,} series, {made.ordered:,} orders changed, {held:,} held back"
    console.print(
        f"{_now()} plan as of {made.plan.as_of} with {made.files:,} file(s), {made.rows:,} row(s): "
        f"{what}, in {made.seconds:.1f} s",
        soft_wrap=True,
    )


def print_refused(error: DataRejected, console: Console) -> None:
    """Why new rows are not in the plan."""
    for problem in error.problems:
        console.print(f"{_now()} not planned: {problem}", soft_wrap=True)


def _now() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"


def _accepted(lines: pa.Table) -> str:
    by = pc.unique(lines["accepted_by"].drop_null()).to_pylist()
    count = lines.num_rows - lines["accepted_by"].null_count
    return f", {count:,} out of proportion accepted by {', '.join(by)}" if count else ""


def _print_held(held: pa.Table, console: Console) -> None:
    """The lines that a person must look at, and how to order them."""
    if not held.num_rows:
        return
    console.print(
        f"{held.num_rows:,} line(s) out of all proportion are held back, and nothing is ordered of them:"
    )
    found = names(held)
    for name, why in zip(found[:_SHOWN], held["held"].to_pylist(), strict=False):
        console.print(f"  {name}: {why}", soft_wrap=True)
    if held.num_rows > _SHOWN:
        console.print(f"  and {held.num_rows - _SHOWN:,} more, at the top of order_lines.csv")
    console.print(
        f"if they are meant, plan again with --accept {shlex.quote(found[0])} (or --accept {ALL}), or give their "
        "quantities in --overrides; if not, correct the sales\n",
        soft_wrap=True,
    )
