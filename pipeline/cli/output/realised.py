"""What became of earlier plans, and what is unusual in the sales since."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from contracts.dates import to_date
from inventory.detection.kinds import KINDS, WORDS
from pipeline.orders.realised_accuracy.comparing import Realised

if TYPE_CHECKING:
    from inventory.detection.watching import Finding
    from pipeline.orders.realised_accuracy.challenger import Beside
    from pipeline.orders.watching.watched import Watched

_SHOWN = 10
_OF_A_KIND = 5
"""Findings that are listed, of each kind."""


def print_realised(found: Realised | None, console: Console) -> None:
    """The totals, and what to look at."""
    # Whoever reads it from a pipe gets whole lines.
    say = functools.partial(console.print, soft_wrap=True)
    if found is None:
        say("nothing to score: no plan was made in this workspace yet")
        return
    if not found.plans:
        say("no period that was planned for is known yet")
        return
    say(
        f"{found.plans} plan(s) with known periods: WAPE {_share(found.wape)}, bias {_share(found.bias)}, "
        f"{_share(found.inside)} within the outer quantiles, fill rate {_share(found.fill_rate)} (lost units estimated)"
    )
    say(f"cost: holding {_money(found.holding_cost)}, shortage {_money(found.shortage_cost)}")
    if found.overridden:
        say(
            f"{found.overridden} overridden line(s): {_money(found.ordered_cost)} as ordered, "
            f"{_money(found.proposed_cost)} as proposed"
        )
    for row in found.anomalies.head(_SHOWN).to_dict("records"):
        say(
            f"  {row['level']} {row['store_id']} {row['product_id']}: {row['outside']} periods {row['side']} the "
            f"forecast's outer quantile, {row['expected']:.1f} expected ({row['since']} to {row['until']})"
        )
    if len(found.anomalies) > _SHOWN:
        say(f"  and {len(found.anomalies) - _SHOWN} more, in the table demand_anomalies")


def print_beside(found: Beside | None, console: Console) -> None:
    """Champion and challenger, where there is one."""
    if found is None:
        return
    if not found.plans:
        said = "no plan of both is over yet"
    else:
        said = (
            f"{found.plans} plan(s) of both: WAPE {_share(found.challenger_wape)} and {_share(found.champion_wape)}, "
            f"bias {_share(found.challenger_bias)} and {_share(found.champion_bias)}, cost of orders from one "
            f"shelf {_money(found.challenger_cost)} and {_money(found.champion_cost)}"
        )
    console.print(
        f"challenger pair {found.challenger} beside champion pair {found.champion}: {said}", soft_wrap=True
    )


def print_watched(watched: Watched | None, console: Console) -> None:
    """A short list: by kind what is new, with its reason and what to do."""
    if watched is None or watched.until is None:
        return
    where = f"{watched.series:,} series, {watched.since} to {watched.until}"
    known = len(watched.findings) - len(watched.new)
    count = f"{len(watched.new)} new finding(s)" + (f", {known} known already" if known else "")
    console.print(f"demand watch: {count} ({where})", soft_wrap=True)
    for kind in KINDS:
        found = [one for one in watched.new if one.kind == kind]
        if not found:
            continue
        console.print(
            Text.assemble((f"  {kind.replace('_', ' ')}", "bold"), f": {WORDS[kind].reason}"), soft_wrap=True
        )
        console.print(Text(f"    {WORDS[kind].advice}"), soft_wrap=True)
        for one in found[:_OF_A_KIND]:
            console.print(Text(f"    - {_line(one)}"), soft_wrap=True)
        if len(found) > _OF_A_KIND:
            console.print(
                f"    and {len(found) - _OF_A_KIND} more, in the table watch_findings", soft_wrap=True
            )


def _line(one: Finding) -> str:
    named = {"store": one.store, "product": one.product, "category": one.category}
    what = ", ".join(f"{name} {value}" for name, value in named.items() if value)
    when = f"{to_date(one.since)}" + (f" to {to_date(one.until)}" if one.until > one.since else "")
    return f"{what}, {when}: {one.seen:,.0f} sold, {one.expected:,.1f} expected (p = {one.p_value:.1g})"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
