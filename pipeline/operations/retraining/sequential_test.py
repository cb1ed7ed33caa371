"""A CUSUM chart: whether a figure stays above its bound, at a stated rate of false alarms, however often one looks.

Page 1954 (Biometrika 41): the sum of the standardised excess over an allowance, never below zero, rings once it passes
a limit. The limit follows from how far apart false alarms are to be (average run length, ARL) by Siegmund's
approximation (Sequential Analysis, 1985): with b = limit + 1.166, ARL = (exp(2kb) - 2kb - 1) / 2k^2. It holds for
independent normal figures whose mean is the bound; what dependence and an estimated noise make of it is calibrated by
``benchmarks.gates.retraining_year``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from contracts.arrays import Floats

ALLOWANCE = 0.5
"""k: half of the smallest shift, in standard deviations, that the chart is built for."""
_MOST = 3.0
"""No single period counts for more: a holiday is no degradation."""
_SIEGMUND = 1.166
_SIGMA_OF_MEDIAN = 1.4826
_ERROR_OF_MEDIAN = 1.17
"""Standard error of a deviation that is taken from the median: so much of it, over the root of how many values."""
_MOST_DEPENDENT = 0.8


@dataclass(frozen=True)
class Chart:
    """Where a chart stands.

    Attributes:
        statistic: the sum, in standard deviations.
        limit: from where on it rings.
        periods: how many it has seen since it last was zero.
    """

    statistic: float
    limit: float
    periods: int

    @property
    def rings(self) -> bool:
        return self.statistic > self.limit


def limit_of(run_length: float) -> float:
    """The limit of a chart.

    Args:
        run_length: average number of periods from a start to a false alarm; above 1.
    """

    def excess(b: float) -> float:
        return (math.exp(2 * ALLOWANCE * b) - 2 * ALLOWANCE * b - 1) / (2 * ALLOWANCE**2) - run_length

    return max(0.0, float(brentq(excess, 1e-6, 700.0)) - _SIEGMUND)


def noise_of(reference: Floats, season: int) -> float:
    """Standard deviation of a figure's sum over periods, a period, at the upper end of what it may be.

    Taken from the median difference of one season, which neither weekdays nor a shift in between blow up; enlarged by
    its standard error, and by what the dependence of neighbouring periods adds to a sum.

    Args:
        reference: the figure in periods that nobody suspects, oldest first, [n], n > season.
        season: periods.
    """
    differences = reference[season:] - reference[:-season]
    spread = _SIGMA_OF_MEDIAN * float(np.median(np.abs(differences)))
    if spread == 0:
        return 0.0
    within = np.clip(differences, -_MOST * spread, _MOST * spread)
    dependence = float(within[1:] @ within[:-1] / (within @ within))
    dependence = min(max(dependence, 0.0), _MOST_DEPENDENT)
    uncertain = 1 + _ERROR_OF_MEDIAN / math.sqrt(len(differences))
    return spread / math.sqrt(2) * uncertain * math.sqrt((1 + dependence) / (1 - dependence))


def chart(excess: Floats, noise: float, run_length: float) -> Chart:
    """Where the chart stands after all periods.

    Args:
        excess: of the figure over its bound, oldest first, [n]; the figure's unit.
        noise: of the figure, in its unit; above 0.
        run_length: average number of periods from a start to a false alarm.
    """
    statistic, periods = 0.0, 0
    for step in np.clip(excess / noise, -_MOST, _MOST) - ALLOWANCE:
        statistic = max(0.0, statistic + float(step))
        periods = periods + 1 if statistic else 0
    return Chart(statistic, limit_of(run_length), periods)
