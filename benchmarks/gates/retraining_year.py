"""When the retraining decision sees a change, and how often it rings without one.

    python -m benchmarks.gates.retraining_year [--years 200] [--changed 50]

A year of simulated sales goes day by day, or week by week, through the very code that decides: 200 series with Poisson
sales around a level, with weekdays, a yearly season, good and bad days of the whole chain that last (autocorrelation
0.5) and noise of each series. A stand-in for the pair forecasts from the levels of its last 8 weeks; what the gate
promises of it is measured on the last 4 of them with the levels before. A training that is due is done the same day.
The changes: **level shift**, all sales rise by 30 %; **price regime**, each series moves by a factor of its own
(standard deviation 35 %), the sum stays; **slow decay**, each series drifts away by 0.4 % a day, up or down; **store
opening**, a store with a sixth of all sales that the pair does not know. False alarms, and when a change is seen, are
counted with trainings by age switched off, and the latter also with all settings as they are by default.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import numpy as np

from benchmarks.harness.report import Report
from contracts.arrays import Floats, Integers
from pipeline.config import WEEKLY_RETRAINING
from pipeline.operations.retraining.decision import decide
from pipeline.operations.retraining.figures import Figures, Pair, Period, Training
from pipeline.retraining_options import RetrainingOptions

Change = Literal["none", "level shift", "price regime", "slow decay", "store opening"]
CHANGES: tuple[Change, ...] = ("level shift", "price regime", "slow decay", "store opening")
FIRST = datetime(2026, 1, 1, 6, tzinfo=timezone.utc)
SERIES = 200
LEARNT, TESTED = 56, 28
"""Days of sales that levels are taken from, and of them those that the gate looks at."""
NEVER = 3660.0


@dataclass(frozen=True)
class Year:
    """What happened in a year: days of trainings that were asked for, and by which findings."""

    asked: Sequence[int]
    names: Sequence[tuple[str, ...]]


class World:
    """Sales by period and series, [n, series], with what a forecaster knows of their season, [n, 1]."""

    def __init__(self, seed: int, period_days: int, change: Change = "none", at: int = 0) -> None:
        """Args: at: day of the change, from the first period that is decided upon."""
        random = np.random.default_rng(seed)
        days = np.arange(-2 * LEARNT, 366)
        levels = random.lognormal(1.2, 0.8, SERIES)
        weekdays = np.where(days % 7 >= 5, 1.4, 0.85)
        yearly = 1 + 0.15 * np.sin(2 * np.pi * (days + random.integers(365)) / 365)
        common = np.zeros(len(days))
        for i in range(1, len(days)):
            common[i] = 0.5 * common[i - 1] + random.normal(0, 0.05)
        moved = self._moved(random, days, change, at)
        noise = random.gamma(10, 1 / 10, (len(days), SERIES))
        means = levels * (weekdays * yearly * np.exp(common))[:, None] * moved
        self.new_share = np.where((change == "store opening") & (days >= at), 1 / 6, 0.0)
        units = random.poisson(means * noise).astype(np.float64)
        known = (weekdays * yearly)[:, None]
        if period_days == 7:
            whole = len(days) // 7 * 7
            units, known = (x[-whole:].reshape(-1, 7, x.shape[1]).sum(1) for x in (units, known))
            self.new_share, days = self.new_share[-whole:][6::7], days[-whole:][6::7]
        self.units, self.known, self.days = units, known, days

    @staticmethod
    def _moved(random: np.random.Generator, days: Integers, change: Change, at: int) -> Floats:
        """Factor on each series' level by day, [days, series]."""
        after = (days >= at)[:, None]
        if change == "level shift":
            return np.where(after, 1.3, 1.0) * np.ones(SERIES)
        if change == "price regime":
            factors = random.lognormal(-(0.35**2) / 2, 0.35, SERIES)
            return np.where(after, factors, 1.0)
        if change == "slow decay":
            slopes = 0.004 * random.choice([-1, 1], SERIES)
            away: Floats = np.exp(np.maximum(days - at, 0)[:, None] * slopes)
            return away
        return np.ones((len(days), SERIES))

    def levels(self, end: int, periods: int) -> Floats:
        """What a forecaster learns from so many periods before one, [series]."""
        part = slice(end - periods, end)
        learnt: Floats = self.units[part].sum(0) / self.known[part].sum()
        return learnt

    def errors(self, levels: Floats, start: int, end: int) -> tuple[Floats, Floats, Floats]:
        """Units, forecasts and absolute errors by period."""
        units, forecasts = self.units[start:end], levels * self.known[start:end]
        return units.sum(1), forecasts.sum(1), np.abs(forecasts - units).sum(1)


def live(world: World, options: RetrainingOptions, period_days: int) -> Year:
    """Goes through the year; each training that is due is done at once, and pushed."""
    learnt, tested = LEARNT // period_days, TESTED // period_days
    first = int(np.argmax(world.days >= 0))
    version, pair, levels = 0, None, np.zeros(SERIES)
    periods: list[Period] = []
    trainings: list[Training] = []
    asked, names = [], []
    for now in range(first, len(world.days)):
        day = int(world.days[now])
        today = (FIRST + timedelta(days=day)).date()
        if pair is not None:
            units, forecasts, errors = (float(x[0]) for x in world.errors(levels, now, now + 1))
            periods.append(Period(today, version, SERIES, SERIES, units, forecasts, errors))
            share = float(world.new_share[max(now + 1 - options.new_periods, 0) : now + 1].mean())
            figures = Figures(
                period_days, pair, periods[-120:], new_share=0.0 if _known(world, pair, share) else share,
                newest_date=today, trainings=trainings[::-1][:50],
            )  # fmt: skip
            found = decide(figures, options, FIRST + timedelta(days=day + 1))
            if not found.due:
                continue
            asked.append(day)
            names.append(tuple(finding.name for finding in found.reasons if finding.crossed))
        version += 1
        promise = world.errors(world.levels(now + 1 - tested, learnt), now + 1 - tested, now + 1)
        sums = [float(x.sum()) for x in promise]
        pair = Pair(
            version,
            FIRST + timedelta(days=day + 1),
            today,
            sums[2] / sums[0],
            sums[1] / sums[0] - 1,
        )
        trainings.append(Training(FIRST + timedelta(days=day + 1), "pushed", today))
        levels = world.levels(now + 1, learnt)
    return Year(asked, names)


def _known(world: World, pair: Pair, share: float) -> bool:
    opened = int(world.days[np.argmax(world.new_share > 0)]) if share else 0
    return not share or pair.last_date >= (FIRST + timedelta(days=opened)).date()


def delays(change: Change, years: int, period_days: int, options: RetrainingOptions) -> list[int | None]:
    """Of each year, the days from the change to the first training that is asked for; None where none is."""
    found = []
    for seed in range(years):
        at = 120 + 7 * (seed % 10)
        year = live(World(seed, period_days, change, at), options, period_days)
        found.append(next((day - at for day in year.asked if day >= at), None))
    return found


def alarms(years: int, period_days: int, options: RetrainingOptions) -> list[int]:
    """Trainings that are asked for in each year without a change."""
    return [len(live(World(1000 + seed, period_days), options, period_days).asked) for seed in range(years)]


def options_of(period_days: int, by_age: bool = False) -> RetrainingOptions:
    """The defaults; trainings by age only where they are wanted."""
    weekly = WEEKLY_RETRAINING if period_days == 7 else {}
    return RetrainingOptions(**(weekly if by_age else {**weekly, "age_days": NEVER}))


def main() -> None:
    """Prints both tables and writes results/retraining_year.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, default=200, help="without a change")
    parser.add_argument("--changed", type=int, default=50, help="years with each change")
    arguments = parser.parse_args()
    report, lines, raw = Report("retraining_year"), [], dict[str, Any]()
    counts = {days: alarms(arguments.years, days, options_of(days)) for days in (1, 7)}
    stated = RetrainingOptions().false_alarms
    report.table(
        f"Years without a change, {arguments.years} each: false alarms a year, stated at most {stated:g}",
        ["", "mean", "standard error", "years without", "most"],
        [
            [
                name,
                f"{np.mean(found):.3f}",
                f"{np.std(found) / np.sqrt(len(found)):.3f}",
                f"{np.mean(np.array(found) == 0):.0%}",
                str(max(found)),
            ]
            for name, found in zip(("daily", "weekly"), counts.values(), strict=True)
        ],
    )
    for name, days in (("daily", 1), ("weekly", 7)):
        for change in CHANGES:
            row = f"{name}, {change}"
            raw[row] = {
                key: delays(change, arguments.changed, days, options_of(days, by_age))
                for key, by_age in (("without age", False), ("as by default", True))
            }
            seen, default = (
                np.array([np.inf if d is None else d for d in found]) for found in raw[row].values()
            )
            nine, longest = (f"{np.quantile(default, q, method='higher'):.0f}" for q in (0.9, 1.0))
            halves = [f"{np.quantile(seen, q, method='higher'):.0f}" for q in (0.5, 0.9)]
            lines.append([row, f"{np.mean(np.isfinite(seen)):.0%}", *halves, nine, longest])
    report.table(
        f"Days from a change to the training that it asks for, {arguments.changed} years each",
        ["", "seen", "median", "nine in ten", "with age: nine in ten", "longest"],
        lines,
    )
    report.write({"false_alarms": {str(days): found for days, found in counts.items()}, "delays": raw})


if __name__ == "__main__":
    main()
