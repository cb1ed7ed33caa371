"""Is there enough to train on and to judge by? Told before anything is trained, with settings that would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from components.windowing.cutting import Windows
from components.windowing.options import WindowOptions
from components.windowing.splits import SPLITS
from contracts.errors import DataRejected, Problem
from contracts.splits import TEST, TRAIN

OBSERVED, INTERVALS, LENGTH = "observed periods", "known intervals", "interval of "
_JUDGED = (TRAIN, TEST)
"""Splits without which nothing is learned, or judged; of eval only early stopping would suffer."""


@dataclass(frozen=True)
class Extent:
    """First and last date of the data, ISO 8601, and how many periods they are, each of so many days."""

    first_date: str
    last_date: str
    periods: int
    period_days: int

    @property
    def unit(self) -> str:
        """What a period is, for people."""
        return "weeks" if self.period_days == 7 else "days"


def counted(batches: Iterable[Windows], split: str, counts: Counter[str]) -> Iterator[Windows]:
    """The windows as they come; what they hold is added to ``counts``, under names that begin with the split."""
    for windows in batches:
        counts[f"{split} {OBSERVED}"] += int(windows["label_observed"].sum())
        counts[f"{split} {INTERVALS}"] += int(windows["protection_observed"].sum())
        for interval in (windows["lead_time"] + windows["review_period"])[:, 0].tolist():
            counts[f"{split} {LENGTH}{interval}"] += 1
        yield windows


def check_sufficient(counts: Mapping[str, int], extent: Extent, options: WindowOptions) -> None:
    """Raises where nothing could be trained, or judged.

    Args:
        counts: windows by split, and what ``counted`` found.
        extent: of the data.
        options: the windows' lengths.

    Raises:
        DataRejected: with what is there, what is needed, and what to do.
    """
    empty = [split for split in SPLITS if not counts.get(split)]
    problem = _too_short(empty, extent, options) if empty else _unseen(counts, extent, options)
    if problem:
        raise DataRejected([problem])


def settings_for(periods: int, options: WindowOptions) -> dict[str, int]:
    """Settings of ``windows`` with which so many periods have a window in each split; empty where none are.

    Splits are made as short as a label window; only where that is not enough, the horizon is too.
    """
    horizon = min(options.horizon, (periods - 1) // 3)
    if horizon < options.review_period:
        return {}
    shorter = {
        "horizon": horizon,
        "test_periods": horizon,
        "eval_periods": horizon,
        "minimum_history": min(options.minimum_history, periods - 3 * horizon),
    }
    return {name: value for name, value in shorter.items() if value != getattr(options, name)}


def _too_short(empty: list[str], extent: Extent, options: WindowOptions) -> Problem:
    needed = options.minimum_history + options.horizon + options.eval_periods + options.test_periods
    found = (
        f"from {extent.first_date} to {extent.last_date} are {extent.periods} {extent.unit}, {needed} are needed "
        f"(minimum_history {options.minimum_history} + horizon {options.horizon} + eval_periods "
        f"{options.eval_periods} + test_periods {options.test_periods})"
        if extent.periods < needed
        else f"no series lasts for long enough in the {extent.periods} {extent.unit} from {extent.first_date} to "
        f"{extent.last_date}"
    )
    fitting = settings_for(extent.periods, options) if extent.periods < needed else {}
    remedy = f"Give at least {needed} {extent.unit} of data"
    if fitting:
        settings = ", ".join(f"{name}: {value}" for name, value in fitting.items())
        remedy += f", or set windows: {{{settings}}}"
    if "horizon" in fitting:
        remedy += f"; lead_time and review_period together must then be at most {fitting['horizon']}"
    return Problem(
        file="sales_data",
        rule="too_little_history",
        column="date",
        message=f"{found}; there is no window for the split(s) {', '.join(empty)}",
        remedy=remedy,
    )


def _unseen(counts: Mapping[str, int], extent: Extent, options: WindowOptions) -> Problem | None:
    for split in _JUDGED:
        if not counts.get(f"{split} {OBSERVED}"):
            return Problem(
                file="sales_data",
                rule="no_observed_demand",
                column="in_stock",
                message=f"no period that the {split} split forecasts was in stock throughout with known sales, so "
                "there is no demand to learn from or to judge by",
                remedy="See whether in_stock and on_hand are right (1, and more than 0, where there was stock); or "
                + (
                    f"raise windows.test_periods, now {options.test_periods}, to reach back to a time with stock"
                    if split == TEST
                    else "give older data too, of a time with stock"
                ),
            )
        if not counts.get(f"{split} {INTERVALS}"):
            return _no_interval(split, counts, extent, options)
    return None


def _no_interval(split: str, counts: Mapping[str, int], extent: Extent, options: WindowOptions) -> Problem:
    begin = f"{split} {LENGTH}"
    shortest = min(int(name.removeprefix(begin)) for name in counts if name.startswith(begin))
    if shortest > options.horizon:
        return Problem(
            file="products",
            rule="lead_time_beyond_horizon",
            column="lead_time",
            message=f"the shortest lead_time + windows.review_period is {shortest} {extent.unit}, more than "
            f"windows.horizon = {options.horizon}: no order's effect lies within a forecast",
            remedy=f"Set windows.horizon to {shortest} or more, with test_periods and eval_periods of as many at least",
        )
    return Problem(
        file="sales_data",
        rule="no_known_interval",
        column="in_stock",
        message=f"no window of the {split} split has sales and stock known over lead_time + windows.review_period "
        f"({shortest} {extent.unit} or more), so no order can be learned from or judged by",
        remedy="See whether in_stock and on_hand are right; or raise windows.test_periods, so that it holds more, or "
        "shorten windows.review_period",
    )
