"""What became of earlier plans."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from rich.console import Console

from pipeline.orders.realised_accuracy.comparing import Realised

if TYPE_CHECKING:
    from pipeline.orders.realised_accuracy.challenger import Beside

_SHOWN = 10


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


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
