"""Levels that moved within a span: at once, or little by little.

A scan: the scores are held against every step and every ramp that lasts until the end of the span. It is the
likelihood-ratio form of a CUSUM (Siegmund and Venkatraman, 1995) over a window of fixed length, with Bonferroni's bound
over the templates for its p-value, which holds however small that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from contracts.arrays import Flags, Floats, Integers

_LIMIT = 3.0
"""Scores count up to this: a single period, however far out, is a spike and no new level."""
_SHORTEST = 4
_SLOWEST = 6
"""Periods at least of a step, and of a ramp."""


@dataclass(frozen=True)
class Shifts:
    """The likeliest one of each row, [N].

    Attributes:
        p_values: of having moved up, or down.
        begins: index of its first period.
        gradual: whether it came little by little.
    """

    p_values: Floats
    begins: Integers
    gradual: Flags


def find_shifts(scores: Floats, there: Flags, correlation: float, direction: Literal["up", "down"]) -> Shifts:
    """The likeliest shift of each row of scores, [N, H], oldest first.

    Args:
        scores: standard normal where nothing has moved.
        there: which of them are known.
        correlation: of two scores of a row.
        direction: which way.
    """
    shapes, begins, gradual = _templates(scores.shape[1])
    kept = np.where(there, np.clip(scores, -_LIMIT, _LIMIT), 0.0)
    weights = there.astype(np.float64)
    total = kept @ shapes.T
    squares = weights @ (shapes**2).T
    sums = weights @ shapes.T
    # Variance of a weighted sum of scores any two of which are correlated alike.
    variance = (1 - correlation) * squares + correlation * sums**2
    enough = weights @ (shapes > 0).T >= _SHORTEST
    sign = 1.0 if direction == "up" else -1.0
    found = np.where(enough, sign * total / np.sqrt(np.maximum(variance, 1e-12)), -np.inf)
    best = found.argmax(axis=1)
    p_values = np.minimum(special.ndtr(-found.max(axis=1)) * len(shapes), 1.0)
    return Shifts(p_values, begins[best], gradual[best])


def _templates(length: int) -> tuple[Floats, Integers, Flags]:
    """Shapes [J, H] that end with the span, the index at which each begins [J], and which are ramps [J]."""
    shapes, begins, gradual = [], [], []
    for begin in range(length - min(_SHORTEST, length) + 1):
        step = np.zeros(length)
        step[begin:] = 1.0
        shapes.append(step)
        begins.append(begin)
        gradual.append(False)
        if length - begin >= _SLOWEST:
            ramp = np.zeros(length)
            ramp[begin:] = np.arange(1, length - begin + 1) / (length - begin)
            shapes.append(ramp)
            begins.append(begin)
            gradual.append(True)
    return np.array(shapes), np.array(begins), np.array(gradual)
