"""How often a challenger that orders for some stores is rolled back though it is as good, and how soon if it is not.

    python -m benchmarks.gates.canary_power [--seeds 200]

The shop of `benchmarks.gates.challenger_power` with its 200 series in 20 stores, of which the challenger orders for 4
(`canary_stores: 0.2`), chosen as a plan chooses them. All is weighed as `actuals` and `challenger` weigh it, after
every period. **Equal**: both pairs err alike. **Dearer**: its orders cost so much more, in all stores or in its own
alone, of which the comparison over all stores sees less. **More forecast**: it forecasts so much more, at the same
cost. **Rolled back** it is for what came in its own stores, **withdrawn as dearer** for all of them; **gone** is
either.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from benchmarks.gates.challenger_power import PUSHED, SERIES, Shop, ends, options_of
from benchmarks.harness.report import Report
from contracts.arrays import Flags, Floats
from pipeline.operations.promotion.decision import ROLL_BACK, decide
from pipeline.operations.promotion.figures import Figures
from pipeline.orders.canary_stores import canary_stores
from pipeline.orders.realised_accuracy.challenger import ScoredPlan
from pipeline.promotion_options import PromotionOptions

STORES, SHARE = 20, 0.2
STATED = {1: 65, 7: 20}
"""By days of a period, so many periods after its push 80 % of those that are 30 % dearer everywhere are to be gone."""
_IN_ALL = {"equal": 1.0, "20 % dearer": 1.2, "30 % dearer": 1.3}
_IN_ITS_OWN = {"30 % dearer in its own stores": 1.3, "50 % dearer in its own stores": 1.5}
_BIASED = {"25 % more forecast": 1.25}


@dataclass(frozen=True)
class Tried:
    """A challenger in a shop, by period and series.

    Attributes:
        own: series of the stores that it orders for, [series].
        costs: money by pair, [2, periods, series].
        forecasts: units by pair, likewise.
        units: what came, [periods, series].
    """

    own: Flags
    costs: Floats
    forecasts: Floats
    units: Floats

    @classmethod
    def of(cls, shop: Shop, seed: int, periods: int) -> Tried:
        stores = [f"S{number:02}" for number in range(STORES)]
        chosen = canary_stores(stores, SHARE, seed)
        own = np.array([stores[i % STORES] in chosen for i in range(SERIES)])
        forecasts = np.array([[shop.forecast(pair, now) for now in range(periods)] for pair in range(2)])
        units = np.array([shop.demand[now + 1 : now + 1 + shop.interval].sum(0) for now in range(periods)])
        return cls(own, shop.costs_of_series(periods), forecasts, units)

    def plans(self, shop: Shop, cost: Floats, forecast: float, series: Flags) -> list[ScoredPlan]:
        """Both pairs' scored plans over some series.

        Args:
            cost: factor on the challenger's costs, [series].
            forecast: factor on its forecasts.
        """
        costs = (self.costs * np.stack([np.ones(SERIES), cost])[:, None])[:, :, series].sum(2)
        forecasts = self.forecasts[:, :, series].sum(2) * np.array([[1.0], [forecast]])
        units, count = self.units[:, series].sum(1), int(series.sum())
        return [
            ScoredPlan(
                PUSHED.date() + timedelta(days=shop.period_days * i), count, count, float(units[i]),
                float(forecasts[0, i]), 0.0, float(forecasts[1, i]), 0.0,
                float(costs[0, i]), float(costs[1, i]), shop.interval,
            )
            for i in range(len(units))
        ]  # fmt: skip


def ended(
    shop: Shop, plans: Sequence[ScoredPlan], own: Sequence[ScoredPlan], options: PromotionOptions
) -> tuple[str, int]:
    """How a challenger ends, and after how many periods; it is asked after every period."""
    days, period = shop.period_days, 0
    while True:
        now, known = PUSHED + timedelta(days=days * period + 1), max(period - shop.interval, 0)
        newest = PUSHED.date() + timedelta(days=days * period)
        figures = Figures(days, 1, 2, PUSHED, plans[:known], newest, own[:known], 4)
        decision = decide(figures, options, now)
        if decision.action != "wait":
            crossed = [finding.name for finding in decision.findings if finding.crossed]
            first = next(name for name in crossed if name != "scored")
            return ("rolled back" if first in ROLL_BACK else first), period
        period += 1


def row(name: str, found: Sequence[tuple[str, int]], stated: int) -> list[str]:
    """A line of the table."""
    gone = np.array([period for end, period in found if end in ("rolled back", "dearer")])
    shares = [
        f"{sum(end == other for end, _ in found) / len(found):.1%}"
        for other in ("rolled back", "dearer", "cheaper", "undecided")
    ]
    # Of all of them, those that stay counted as never.
    never = np.full(len(found) - len(gone), np.inf)
    when = np.quantile(np.concatenate([gone, never]), [0.5, 0.8], method="higher")
    within = f"{np.sum(gone <= stated) / len(found):.1%}"
    return [name, *shares, within, *(f"{period:.0f}" if np.isfinite(period) else "-" for period in when)]


def main() -> None:
    """Prints both tables and writes results/canary_power.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    arguments = parser.parse_args()
    report, raw = Report("canary_power"), dict[str, Any]()
    for name, days in (("daily", 1), ("weekly", 7)):
        options = options_of(days).model_copy(update={"canary_stores": SHARE})
        periods, lines = options.most_periods + 1, []
        shops = [Shop.made(seed, days, periods) for seed in range(arguments.seeds)]
        tried = [Tried.of(shop, seed, periods) for seed, shop in enumerate(shops)]
        for kind, factor in (_IN_ALL | _IN_ITS_OWN | _BIASED).items():
            found = []
            for shop, challenger in zip(shops, tried, strict=True):
                dearer = challenger.own if kind in _IN_ITS_OWN else np.full(SERIES, kind in _IN_ALL)
                cost, forecast = np.where(dearer, factor, 1.0), factor if kind in _BIASED else 1.0
                whole, own = (
                    challenger.plans(shop, cost, forecast, series)
                    for series in (np.full(SERIES, True), challenger.own)
                )
                found.append(ended(shop, whole, own, options))
            raw[f"{name}, {kind}"] = ends(found)
            lines.append(row(kind, found, STATED[days]))
        unit = "days" if days == 1 else "weeks"
        report.table(
            f"{name.capitalize()}, {arguments.seeds} challengers each in 4 of {STORES} stores: how they end; stated of "
            f"equal ones at most {options.false_rollbacks:.0%} rolled back, of those that are 30 % dearer everywhere "
            f"80 % gone within {STATED[days]} {unit}",
            ["", "rolled back", "withdrawn as dearer", "promoted", f"undecided after {options.most_periods}",
             f"gone within {STATED[days]} {unit}", f"median {unit}", "eight in ten"],
            lines,
        )  # fmt: skip
    report.write(raw)


if __name__ == "__main__":
    main()
