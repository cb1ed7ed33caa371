"""A confidence sequence: an interval for a mean that may be looked at as often as one likes.

Of independent normal figures with unknown mean and spread. The ratio of two likelihoods, of a mean that lies some
standard deviations away against a given one, each averaged over what is not known, is a martingale where the given one
is the mean: by Ville's inequality it ever reaches 1/a with probability a at most. Robbins (Annals of Mathematical
Statistics 41, 1970) averages over a normal distribution of the mean; with an unknown spread, of the mean in standard
deviations: Lai (Annals of Statistics 4, 1976), Wang and Ramdas (Sequential Analysis 44, 2025). What dependence makes of
it is measured by ``benchmarks.gates.challenger_power``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from contracts.arrays import Floats

_AWAY = 1.0
"""Variance of the means that are looked for, in those of a figure: differences of about a standard deviation."""


@dataclass(frozen=True)
class ConfidenceSequence:
    """Where a confidence sequence stands.

    Attributes:
        evidence: logarithm of the ratio against a mean of 0.
        limit: what it has to reach, so that 0 is outside of the interval.
        mean, low, high: estimate and interval, the figures' unit; infinite while too few are known.
    """

    evidence: float
    limit: float
    mean: float
    low: float
    high: float

    @property
    def outside(self) -> bool:
        """Whether 0 is no longer within."""
        return self.evidence >= self.limit

    def beside(self, usual: float) -> str:
        """The interval as shares of a figure, in words."""
        if math.isinf(self.low):
            return "interval not known yet"
        return f"interval {self.low / usual:+.1%} to {self.high / usual:+.1%}"


def confidence_sequence(figures: Floats, error: float) -> ConfidenceSequence:
    """The interval after all figures.

    Args:
        figures: [n], finite.
        error: probability that the mean is ever outside, however often one looks; between 0 and 1.

    Raises:
        ValueError: there is no figure.
    """
    count = len(figures)
    if not count:
        raise ValueError("a confidence sequence needs a figure")
    limit, mean = -math.log(error), float(np.mean(figures))
    spread = float(np.std(figures, ddof=1)) if count > 1 else 0.0
    # Figures that do not differ are too few to tell their spread by.
    if spread <= 1e-12 * abs(mean) or spread == 0:
        return ConfidenceSequence(0.0, limit, mean, -math.inf, math.inf)
    free, mixed = count - 1, 1 + count * _AWAY
    squared = count * (mean / spread) ** 2 / free
    evidence = -0.5 * math.log(mixed) + count / 2 * (math.log1p(squared) - math.log1p(squared / mixed))
    # Where evidence against another mean reaches the limit, solved for the distance.
    ratio = math.exp(2 / count * (limit + 0.5 * math.log(mixed)))
    width = math.inf
    if ratio < mixed:
        width = spread / math.sqrt(count) * math.sqrt(free * (ratio - 1) / (1 - ratio / mixed))
    return ConfidenceSequence(evidence, limit, mean, mean - width, mean + width)
