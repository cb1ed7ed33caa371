"""How far a model's probabilities may be trusted, found on weeks that it was not trained on.

A tail probability is mapped to the share of clean periods that had one as small, and scores that err together (a level
that was forecast too high is so in all of its periods) count as fewer than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from contracts.arrays import Flags, Floats, Integers
from inventory.detection.grouping import summed

KNOTS = (1.0, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Tail probabilities as the model gives them, at which a map says what they are worth."""
Group = Literal["store", "product", "category"]
GROUPS: tuple[Group, ...] = get_args(Group)
_ENOUGH = 20
"""Periods that must have had as small a probability before a knot is believed."""
_LEAST_SLOPE, _MOST_SLOPE = 0.2, 1.0
"""Of the logarithms beyond the last knot: never further out than the model itself says."""
_MOST = 0.95
STEPS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001)
_NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Calibration:
    """Of a model.

    Attributes:
        lower: logarithms of what ``KNOTS`` are worth in the lower tail, [K].
        upper: the same in the upper tail, [K].
        series: correlation of the scores of two periods of a series.
        across: by group of ``GROUPS`` the correlation of two series of it in one period.
        group: by group that of its own scores of two periods.
        step: units in which sales are counted (``inventory.detection.distribution.Demand``).
    """

    lower: Floats
    upper: Floats
    series: float
    across: tuple[float, float, float]
    group: tuple[float, float, float]
    step: float = 1.0

    def to_array(self) -> Floats:
        """All of it as one vector, [2 K + 8]."""
        return np.concatenate([self.lower, self.upper, [self.series], self.across, self.group, [self.step]])

    @classmethod
    def from_array(cls, values: Floats) -> Calibration:
        """What ``to_array`` made."""
        count = len(KNOTS)
        parts = [float(value) for value in values[2 * count :]]
        return cls(
            np.asarray(values[:count], np.float64),
            np.asarray(values[count : 2 * count], np.float64),
            parts[0],
            (parts[1], parts[2], parts[3]),
            (parts[4], parts[5], parts[6]),
            parts[7],
        )


def tail_map(probabilities: Floats) -> Floats:
    """Logarithms of what ``KNOTS`` are worth, [K], falling.

    Args:
        probabilities: of clean periods, [M], as the model gives them, within a jump of its distribution at random:
            those of a right model are uniform.

    Raises:
        ValueError: there are too few periods to say anything.
    """
    if len(probabilities) < _ENOUGH:
        raise ValueError(
            f"{len(probabilities)} clean periods are too few to calibrate on; {_ENOUGH} are needed"
        )
    knots = np.log(KNOTS)
    counts = np.array([(probabilities <= knot).sum() for knot in KNOTS])
    found = np.zeros(len(KNOTS))
    slope = _MOST_SLOPE
    for i in range(1, len(KNOTS)):
        step = knots[i] - knots[i - 1]
        if counts[i] >= _ENOUGH:
            found[i] = min(np.log(counts[i] / len(probabilities)), found[i - 1] - 1e-6)
            slope = float(np.clip((found[i] - found[i - 1]) / step, _LEAST_SLOPE, _MOST_SLOPE))
        else:
            found[i] = found[i - 1] + slope * step
    return found


def mapped(tail: Floats, worth: Floats) -> Floats:
    """What tail probabilities are worth, of any shape; rising with them.

    Args:
        tail: as the model gives them.
        worth: of ``tail_map``.
    """
    knots = np.log(KNOTS)
    logs = np.log(np.maximum(tail, 1e-300))
    slope = np.clip((worth[-1] - worth[-2]) / (knots[-1] - knots[-2]), _LEAST_SLOPE, _MOST_SLOPE)
    inside = np.interp(logs, knots[::-1], worth[::-1])
    beyond = worth[-1] + slope * (logs - knots[-1])
    return np.asarray(np.exp(np.where(logs < knots[-1], beyond, inside)))


def correlation(scores: Floats, there: Flags) -> float:
    """Correlation of two scores of one row, as far as they err together; 0 to below 1.

    From the mean square of the rows' sums, so that what all rows have in common counts as well.

    Args:
        scores: of standard deviation 1 about 0, [N, M].
        there: which are known.
    """
    kept = np.where(there, scores, 0.0)
    count = there.sum(axis=1)
    pairs = (count * (count - 1)).sum()
    shared = (kept.sum(axis=1) ** 2 - (kept**2).sum(axis=1)).sum()
    return float(np.clip(shared / pairs, 0.0, _MOST)) if pairs else 0.0


def by_group(scores: Floats, there: Flags, group: Integers, across: float) -> tuple[Floats, Flags]:
    """Scores of groups of series, [G, H], and where they have any: sums over their series, of standard deviation 1.

    Args:
        scores: of series, [N, H].
        there: which are known.
        group: number of each series' group, 0 .. G - 1, [N].
        across: correlation of two series of a group.
    """
    total, count = summed(np.where(there, scores, 0.0), group), summed(there, group)
    spread = np.sqrt(np.maximum(count + count * (count - 1) * across, 1.0))
    return total / spread, count >= 2


def correlation_across(scores: Floats, there: Flags, group: Integers) -> float:
    """Correlation of two series of one group in one period, as ``correlation`` finds it."""
    kept: Floats = np.where(there, scores, 0.0)
    sums, squares, count = summed(kept, group), summed(kept**2, group), summed(there, group)
    pairs = (count * (count - 1)).sum()
    return float(np.clip((sums**2 - squares).sum() / pairs, 0.0, _MOST)) if pairs else 0.0


def counting_step(units: Floats) -> float:
    """The largest step in which nearly all of the sales are whole numbers, units.

    Args:
        units: sold, of any shape; zeros say nothing.
    """
    sold = units[units > 0]
    for step in STEPS:
        off = np.abs(sold / step - np.round(sold / step))
        if len(sold) == 0 or (off < 0.01).mean() >= _NEARLY_ALL:
            return step
    return STEPS[-1]
