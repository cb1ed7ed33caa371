"""How far a method's forecasts may be wrong, by its own errors before the origin: the same law for every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.arrays import Flags, Floats
from inventory.paths import correlation_by_lag

OWN = 7.0
"""Periods at which half of a series' own errors is believed, beside those of all series."""
_LEAST = 0.05
"""Of the mean forecast: below it the law of the spread is not asked."""


@dataclass(frozen=True)
class Spread:
    """Variance of a series' errors: factor x scale x forecast to a power (Taylor's law).

    Attributes:
        scale, power: of all series.
        factor: of each series, [N].
        floor: units, the least forecast that the law is asked for.
        correlation: of the errors of a series' periods, by how far they lie apart, from 0 on.
    """

    scale: float
    power: float
    factor: Floats
    floor: float
    correlation: tuple[float, ...]

    def of(self, forecast: Floats) -> Floats:
        """Standard deviation of each period, units, [N, H], for forecasts of as many."""
        law = self.scale * np.maximum(forecast, self.floor) ** self.power
        return np.asarray(np.sqrt(self.factor[:, None] * law))


def spread_of(forecast: Floats, units: Floats, known: Flags) -> Spread:
    """The law that fits a method's errors.

    Args:
        forecast: what it said before the origin, units, [N, B]; NaN where it said nothing.
        units: what came, [N, B].
        known: where what came was demand, [N, B].
    """
    there = known & np.isfinite(forecast)
    said = np.where(there, forecast, 0.0)
    square = np.where(there, (units - said) ** 2, 0.0)
    count = there.sum(axis=1)
    mean = said.sum(axis=1) / np.maximum(count, 1)
    floor = max(_LEAST * float(mean[count > 0].mean()) if (count > 0).any() else 0.0, 1e-3)
    error = square.sum(axis=1) / np.maximum(count, 1)
    fit = (count > 0) & (error > 0) & (mean > floor)
    power = 1.0
    if fit.sum() > 2 and np.ptp(mean[fit]) > 0:
        power = float(np.clip(np.polyfit(np.log(mean[fit]), np.log(error[fit]), 1)[0], 1.0, 2.0))
    law = np.where(there, np.maximum(said, floor) ** power, 0.0)
    scale = float(square.sum() / law.sum()) if law.sum() > 0 and square.sum() > 0 else 1.0
    usual = scale * np.maximum(mean, floor) ** power * OWN
    factor = (square.sum(axis=1) + usual) / (scale * law.sum(axis=1) + usual)
    found = Spread(scale, power, factor, floor, ())
    scores = np.where(there, (units - said) / found.of(said), 0.0)
    correlation = tuple(float(value) for value in correlation_by_lag(scores, there))
    return Spread(scale, power, factor, floor, correlation)
