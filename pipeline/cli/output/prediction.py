"""A prediction as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.cli.output.notes import print_notes
from pipeline.cli.output.tables import print_table
from pipeline.orders.predict import Prediction
from serving.promotions import PromotionEffect

_SUM = {
    "expected_demand": " ",
    "safety_stock": "+",
    "on_hand": "-",
    "on_order": "-",
    "rounding_adjustment": "+",
    "replenishment_quantity": "=",
}


def print_prediction(found: Prediction, console: Console) -> None:
    """Prints the forecast, what it is made of, and the order line's sum."""
    print_notes(found.notes, console)
    line, explained = found.line, found.explanation
    console.print(
        f"store {line['store_id']}, product {line['product_id']}, as of {found.as_of}, pair {found.version}\n"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    # The outermost quantiles; all of them are in the files.
    shown = {f"{found.levels[q]:.0%}": found.quantiles[:, q] for q in (0, -1)}
    parts = {"base": explained.base, **explained.contributions, "mean": explained.forecast, **shown}
    for name in ("date", *parts):
        table.add_column(name, no_wrap=True, justify="left" if name == "date" else "right")
    for step, day in enumerate(found.dates):
        numbers = (
            f"{part[step]:{'+' if name in explained.contributions else ''}.1f}"
            for name, part in parts.items()
        )
        table.add_row(day.isoformat(), *numbers)
    print_table(console, table)
    console.print(
        "\nmean = base + contributions (Shapley values). base: the item's own mean sales, at its usual price, without "
        "promotion, in an average period.\n",
        soft_wrap=True,
    )
    if found.promotion is not None:
        console.print(f"{_promotion_text(found.promotion, found.dates)}\n", soft_wrap=True)
    for name, sign in _SUM.items():
        console.print(f"{sign} {name.replace('_', ' '):<24}{line[name]:>12,.3f}")
    periods = line["protection_interval"]
    reason = f"; {line['reason']}" if line["reason"] else ""
    console.print(
        f"\nfor {periods} period(s), arriving {line['arrival']}, by {line['method'].replace('_', ' ')}{reason}",
        soft_wrap=True,
    )
    for text in _expected(line):
        console.print(text, soft_wrap=True)


def _expected(line: Mapping[str, Any]) -> list[str]:
    """What the order is expected to come to."""
    if line["stockout_probability"] is None:
        return ["what the order is expected to come to is not said: the forecast does not plan this line"]
    beside = "".join(
        f", {line[name]:,.3f} with {name.removeprefix('cost_').replace('_', ' ')}"
        for name in ("cost_one_pack_more", "cost_one_pack_less")
        if line[name] is not None
    )
    stockout = (
        f"stockout probability: {line['lead_time_stockout_probability']:.1%} before the order arrives, "
        f"{line['stockout_probability']:.1%} from then until the next one arrives; expected in that time: "
        f"{line['expected_lost_sales']:,.1f} units lost, {line['expected_leftover']:,.1f} left at its end"
    )
    cost = f"expected cost of holding and lost sales in that time: {line['expected_cost']:,.3f}{beside}"
    if line["expected_waste"]:
        waste = f"expected to expire unsold, which the cost has in it: {line['expected_waste']:,.1f} units of the order"
        return [stockout, cost, waste]
    return [stockout, cost]


def _promotion_text(effect: PromotionEffect, dates: Sequence[date]) -> str:
    """What the planned promotions add, in the periods that they are planned for."""
    days = [day for day, promoted in zip(dates, effect.promoted, strict=True) if promoted]
    planned, plain = (float(part[effect.promoted].sum()) for part in (effect.forecast, effect.without))
    share = f", {planned / plain - 1:+.0%}" if plain > 0 else ""
    return (
        f"planned promotion in {len(days)} of {len(dates)} periods, {days[0]} .. {days[-1]}: {planned:.1f} units "
        f"there, {plain:.1f} without it: {planned - plain:+.1f} units{share}"
    )
