"""What surrounds the stores of the sample data: dates, holidays, events and weather."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Floats, Integers

# Month and day of the days off, and how much they raise demand on the days before (see sample_data_demand).
_HOLIDAYS = ((1, 1), (5, 1), (6, 1), (10, 3), (11, 1), (12, 25), (12, 26))
_EVENTS = {"back_to_school": (8, 18, 14), "black_friday": (11, 24, 5), "summer_festival": (7, 8, 5)}


@dataclass(frozen=True)
class Surroundings:
    """Dates and outside conditions, beyond the last sale too; P periods, S stores."""

    period_days: int
    store_names: list[str]
    days: Integers  # [P] days since 1970-01-01, the first day of each period
    holiday: Integers  # [P] 1 where the period holds a holiday
    event: list[str]  # [P] name or ''
    temperature: Floats  # [S, P] degrees Celsius
    precipitation: Floats  # [S, P] mm a day
    temperature_surprise: Floats  # [S, P] degrees above the season's usual


def make_surroundings(
    rng: np.random.Generator, stores: int, periods: int, period_days: int, start: date
) -> Surroundings:
    """Draw the surroundings of `periods` periods, each of `period_days` days, from `start` on."""
    calendar = np.datetime64(start, "D") + np.arange(periods * period_days)
    months = calendar.astype("datetime64[M]").astype(np.int64) % 12 + 1
    month_days = (calendar - calendar.astype("datetime64[M]")).astype(np.int64) + 1
    holiday = np.zeros(calendar.size, dtype=bool)
    for month, day in _HOLIDAYS:
        holiday |= (months == month) & (month_days == day)
    event = np.full(calendar.size, "", dtype="<U16")
    years = calendar.astype("datetime64[Y]").astype(np.int64) + 1970
    for name, (month, day, length) in _EVENTS.items():
        for year in np.unique(years):
            first = np.datetime64(date(int(year), month, day), "D")
            event[(calendar >= first) & (calendar < first + length)] = name

    season = -np.cos(2 * np.pi * (day_of_year(calendar) - 15) / 365.25)
    surprise = _slow_noise(rng, stores, calendar.size, memory=0.8, scale=3.0)
    temperature = 11 + 9 * season + surprise + rng.normal(0, 1.5, (stores, 1))
    wet = _slow_noise(rng, stores, calendar.size, memory=0.6, scale=1.0) > 0.5
    rain = np.where(wet, rng.gamma(0.9, 7.0, (stores, calendar.size)), 0.0)

    def per_period(daily: NDArray[Any]) -> NDArray[Any]:
        return daily.reshape(*daily.shape[:-1], periods, period_days)

    # A week bears the name of its first event.
    named = [next((name for name in week if name), "") for week in per_period(event).tolist()]
    return Surroundings(
        period_days=period_days,
        store_names=[f"S{number:02d}" for number in range(1, stores + 1)],
        days=calendar.astype(np.int64)[::period_days],
        holiday=per_period(holiday).any(axis=-1).astype(np.int64),
        event=named,
        temperature=per_period(temperature).mean(axis=-1),
        precipitation=per_period(rain).mean(axis=-1),
        temperature_surprise=per_period(surprise).mean(axis=-1),
    )


def day_of_year(dates: NDArray[np.datetime64]) -> Integers:
    """0 on the first of January."""
    years: NDArray[np.datetime64] = dates.astype("datetime64[Y]")
    return (dates - years).astype(np.int64)


def _slow_noise(rng: np.random.Generator, rows: int, length: int, memory: float, scale: float) -> Floats:
    """First-order autoregressive noise with the given standard deviation."""
    shocks = rng.normal(0, scale * np.sqrt(1 - memory**2), (length, rows))
    state = rng.normal(0, scale, rows)
    for step in range(length):
        state = memory * state + shocks[step]
        shocks[step] = state
    return shocks.T.copy()
