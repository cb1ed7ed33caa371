"""How often a challenger is promoted that is no better than the champion, and how soon one that is.

    python -m benchmarks.gates.challenger_power [--seeds 200]

Simulated sales go period by period through the very code that decides, and is asked after each of them: 200 series with
Poisson sales around a level, with weekdays, good and bad days of the whole chain that last (autocorrelation 0.5) and
noise of each series. Both pairs order every series in every period up to a quantile of what they forecast, from one
shelf, for a lead time of 2 days and a review every 7 (weekly: 1 and 1 week). Each errs on its own, by 25 % of each
series' level (standard deviation) and 3 % of the chain's, and errs today nearly as it did yesterday (autocorrelation
0.9 from day to day), so that what neighbouring plans say of the two is nearly the same. **Equal**: both err alike.
**Cheaper, dearer**: an equal pair whose orders cost 10 % less, or more, than they do. Orders are paid for by the
product's account, along the demand that came. All settings are as they are by default.

The last table says why both order from one shelf: from the stock that the champion's earlier orders left, an equal
challenger looks cheaper or dearer than it is. The champion's errors lie in that stock already, and nobody can order
them away; the challenger errs otherwise, and what it would have left is not seen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.harness.report import Report
from contracts.arrays import Floats
from inventory.cycle import realised_cost
from inventory.forecast_plan import Terms
from inventory.lost_sales import Cycle
from pipeline.config import WEEKLY_PROMOTION
from pipeline.operations.promotion.decision import decide
from pipeline.operations.promotion.figures import Figures
from pipeline.orders.realised_accuracy.challenger import ScoredPlan
from pipeline.promotion_options import PromotionOptions

PUSHED = datetime(2026, 1, 1, 6, tzinfo=timezone.utc)
SERIES = 200
SETTLED = 28
"""Periods that the champion orders for before its stock is looked at."""
STATED = {1: 90, 7: 35}
"""By days of a period, so many periods after its push 80 % of the better challengers are to be promoted."""
HOLDING, SHORTAGE = 0.02, 1.0
"""Money a unit and day, and a unit."""
OWN_ERROR, COMMON_ERROR, LASTING = 0.25, 0.03, 0.9


@dataclass(frozen=True)
class Shop:
    """What is sold, and how the pairs err.

    Attributes:
        period_days: 1 or 7.
        lead, review: periods.
        demand: units, [periods, series].
        levels: usual units a period, [series].
        season: factor on them, [periods].
        errors: factors on forecasts, by pair, [periods, series].
    """

    period_days: int
    lead: int
    review: int
    demand: Floats
    levels: Floats
    season: Floats
    errors: Sequence[Floats]

    @classmethod
    def made(cls, seed: int, period_days: int, periods: int) -> Shop:
        random = np.random.default_rng(seed)
        lead, review = (2, 7) if period_days == 1 else (1, 1)
        days = (periods + lead + review) * period_days
        levels = random.lognormal(1.2, 0.8, SERIES)
        weekdays = np.where(np.arange(days) % 7 >= 5, 1.4, 0.85)
        common = _lasting(random, (days,), 0.5, 0.06)
        noise = random.gamma(10, 1 / 10, (days, SERIES))
        units = random.poisson(levels * (weekdays * np.exp(common))[:, None] * noise).astype(np.float64)
        errors = [
            np.exp(
                _lasting(random, (days, SERIES), LASTING, OWN_ERROR)
                + _lasting(random, (days, 1), LASTING, COMMON_ERROR)
            )[::period_days]
            for _ in range(2)
        ]
        demand = units.reshape(-1, period_days, SERIES).sum(1)
        season = weekdays.reshape(-1, period_days).sum(1)
        return cls(period_days, lead, review, demand, levels, season, errors)

    @property
    def interval(self) -> int:
        return self.lead + self.review

    @property
    def terms(self) -> Terms:
        ones = np.ones(SERIES)
        holding = ones * HOLDING * self.period_days
        return Terms(
            np.full(SERIES, self.lead), holding, ones * SHORTAGE, ones, 0 * ones, np.full(SERIES, np.nan)
        )

    def forecast(self, pair: int, now: int) -> Floats:
        """What a pair forecasts at the end of a period for the time that an order is for, units, [series]."""
        usual = self.levels * self.season[now + 1 : now + 1 + self.interval].sum()
        return np.asarray(usual * self.errors[pair][now])

    def level(self, pair: int, now: int) -> Floats:
        """Up to what a pair orders at the end of a period, units, [series]."""
        forecast = self.forecast(pair, now)
        held = HOLDING * self.period_days * self.review
        quantile = stats.norm.ppf(SHORTAGE / (SHORTAGE + held))
        per_period = forecast / self.interval
        spread = np.sqrt(forecast * (1 + per_period / 10) + (0.1 * forecast) ** 2)
        return np.asarray(forecast + quantile * spread)

    def costs(self, periods: int) -> Floats:
        """Of both pairs' orders from one shelf, money by pair and period, [2, periods]."""
        return np.asarray(self.costs_of_series(periods).sum(axis=2))

    def costs_of_series(self, periods: int) -> Floats:
        """The same by series, [2, periods, series]."""
        review = np.full(SERIES, self.review)
        found = np.zeros((2, periods, SERIES))
        for now in range(periods):
            shelf = self.levels * self.season.mean() * self.lead
            came = self.demand[now + 1 : now + 1 + self.interval].T
            for pair in range(2):
                order = np.round(np.maximum(self.level(pair, now) - shelf, 0.0))
                found[pair, now] = realised_cost(came, shelf, order, self.terms, review)
        return found

    def costs_from_stock(self, periods: int) -> Floats:
        """The same from the stock that the champion's orders left, once they have settled."""
        terms, found = self.terms, np.zeros((2, periods))
        on_hand = self.levels * self.season.mean() * self.review
        coming = np.zeros((len(self.demand) + self.lead + 1, SERIES))
        for now in range(periods):
            on_hand = np.maximum(on_hand + coming[now] - self.demand[now], 0.0)
            arriving = coming[now + 1 : now + 1 + self.lead].T
            came = self.demand[now + 1 : now + 1 + self.interval].T[:, None, :]
            cycle = Cycle.of(
                came, on_hand, arriving, self.lead, self.review, terms.holding_cost, terms.shortage_cost
            )
            position = on_hand + arriving.sum(1)
            orders = [np.round(np.maximum(self.level(pair, now) - position, 0.0)) for pair in range(2)]
            found[:, now] = [cycle.cost(order).sum() for order in orders]
            coming[now + 1 + self.lead] += orders[0]
        return found[:, SETTLED:]


def _lasting(random: np.random.Generator, shape: tuple[int, ...], dependence: float, spread: float) -> Floats:
    """Normal figures of which each goes on with a share of the one before, first axis."""
    steps = random.normal(0, spread, shape)
    steps[1:] *= np.sqrt(1 - dependence**2)
    for i in range(1, len(steps)):
        steps[i] += dependence * steps[i - 1]
    return np.asarray(steps)


def ended(shop: Shop, costs: Floats, options: PromotionOptions) -> tuple[str, int]:
    """How a challenger ends, and after how many periods; it is asked after every period."""
    days, interval = shop.period_days, shop.interval
    first = PUSHED.date()
    plans = [
        ScoredPlan(
            first + timedelta(days=days * i),
            SERIES,
            SERIES,
            1.0,
            1.0,
            0.0,
            1.0,
            0.0,
            champion,
            challenger,
            interval,
        )
        for i, (champion, challenger) in enumerate(costs.T.tolist())
    ]
    period = 0
    while True:
        now = PUSHED + timedelta(days=days * period + 1)
        known = plans[: max(period - interval, 0)]
        figures = Figures(days, 1, 2, PUSHED, known, first + timedelta(days=days * period))
        decision = decide(figures, options, now)
        if decision.action != "wait":
            shown = any(finding.crossed and finding.name == "undecided" for finding in decision.findings)
            return ("undecided" if shown and decision.action == "withdraw" else decision.action), period
        period += 1


def options_of(period_days: int) -> PromotionOptions:
    """The defaults."""
    return PromotionOptions(mode="challenger", **(WEEKLY_PROMOTION if period_days == 7 else {}))


def ends(found: Sequence[tuple[str, int]]) -> dict[str, int]:
    """How many ended so, after so many periods; for the raw results."""
    return {f"{end} after {period}": count for (end, period), count in sorted(Counter(found).items())}


def row(name: str, found: Sequence[tuple[str, int]], stated: int) -> list[str]:
    """A line of the table."""
    promoted = np.array([period for end, period in found if end == "promote"])
    when = [f"{np.quantile(promoted, q, method='higher'):.0f}" if promoted.size else "-" for q in (0.5, 0.8)]
    return [
        name,
        f"{len(promoted) / len(found):.1%}",
        f"{np.sum(promoted <= stated) / len(found):.1%}",
        *when,
        *(f"{sum(end == other for end, _ in found) / len(found):.1%}" for other in ("withdraw", "undecided")),
    ]


def main() -> None:
    """Prints all tables and writes results/challenger_power.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    arguments = parser.parse_args()
    report, raw, shelves = Report("challenger_power"), dict[str, Any](), []
    for name, days in (("daily", 1), ("weekly", 7)):
        options, lines = options_of(days), []
        periods = options.most_periods + 1
        shops = [Shop.made(seed, days, periods) for seed in range(arguments.seeds)]
        costs = [shop.costs(periods) for shop in shops]
        for kind, factor in (("equal", 1.0), ("10 % cheaper", 0.9), ("10 % dearer", 1.1)):
            scale = np.array([[1.0], [factor]])
            found = [ended(shop, cost * scale, options) for shop, cost in zip(shops, costs, strict=True)]
            raw[f"{name}, {kind}"] = ends(found)
            lines.append(row(kind, found, STATED[days]))
        unit = "days" if days == 1 else "weeks"
        report.table(
            f"{name.capitalize()}, {arguments.seeds} challengers each: promoted, and when; stated of equal ones at "
            f"most {options.false_promotions:.0%}, of cheaper ones 80 % within {STATED[days]} {unit}",
            ["", "promoted", f"within {STATED[days]} {unit}", f"median {unit}", "eight in ten", "withdrawn as dearer",
             f"undecided after {options.most_periods}"],
            lines,
        )  # fmt: skip
        from_stock = [shop.costs_from_stock(periods) for shop in shops[:50]]
        for place, seen in (("one shelf", costs), ("the champion's stock", from_stock)):
            shares = np.array([cost[1].sum() / cost[0].sum() - 1 for cost in seen])
            error = np.std(shares, ddof=1) / np.sqrt(len(shares))
            shelves.append([f"{name}, from {place}", f"{shares.mean():+.2%}", f"{error:.2%}"])
            raw[f"{name}, from {place}"] = shares.tolist()
    report.table(
        "What the orders of an equal challenger seem to cost beside the champion's",
        ["", "mean", "standard error"],
        shelves,
    )
    report.write(raw)


if __name__ == "__main__":
    main()
