"""What the sales of a span say against the demand that was expected: tail probabilities and normal scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from contracts.arrays import Flags, Floats
from inventory.detection.calibration import Calibration, mapped
from inventory.detection.distribution import Demand

_FURTHEST = 8.0
"""Largest normal score: beyond it the model has nothing to go by."""


@dataclass(frozen=True)
class Evidence:
    """Of each series and period, oldest first, [N, H].

    Attributes:
        units: sold; 0 where unknown.
        expected: mean demand, units.
        judged: where sales are demand: known, and in stock throughout.
        known: where sales are known; what ran out tells of the upper tail alone.
        upper: P(demand >= units), calibrated; 1 where unknown.
        silent: P(no demand), calibrated.
        scores: normal scores of where the units lie, 0 where not judged.
        log_same: log P(demand = units).
    """

    units: Floats
    expected: Floats
    judged: Flags
    known: Flags
    upper: Floats
    silent: Floats
    scores: Floats
    log_same: Floats

    def without(self, left_out: Flags) -> Evidence:
        """The same, of some periods nothing."""
        return replace(
            self,
            judged=self.judged & ~left_out,
            known=self.known & ~left_out,
            upper=np.where(left_out, 1.0, self.upper),
            scores=np.where(left_out, 0.0, self.scores),
        )


def weigh(demand: Demand, calibration: Calibration, units: Floats, judged: Flags, known: Flags) -> Evidence:
    """The evidence of a span, see ``Evidence``; ``judged`` periods are ``known`` ones."""
    upper = mapped(demand.at_least(units), calibration.upper)
    silent = mapped(demand.at_most(np.zeros_like(units)), calibration.lower)
    scores = normal_scores(demand, calibration, units)
    return Evidence(
        units,
        demand.expected,
        judged,
        known,
        np.where(known, upper, 1.0),
        silent,
        np.where(judged, scores, 0.0),
        demand.log_probability(units),
    )


def normal_scores(
    demand: Demand, calibration: Calibration, units: Floats, within: Floats | float = 0.5
) -> Floats:
    """Standard normal scores of units, [N, H].

    Args:
        within: where in the jump that the distribution makes at these units, 0 to 1. In its middle the scores of a slow
            seller vary less than normal ones, and lie a little above them; at random they are normal, so that many of
            them may be added up.
    """
    lower, upper = demand.at_most(units), demand.at_least(units)
    same = np.maximum(lower + upper - 1, 0.0)
    # P(less) + within P(equal), from either side: whichever is the smaller keeps its digits.
    below, above = 1 - upper + within * same, 1 - lower + (1 - within) * same
    from_below = special.ndtri(mapped(below, calibration.lower))
    from_above = -special.ndtri(mapped(above, calibration.upper))
    return np.clip(np.where(below < 0.5, from_below, from_above), -_FURTHEST, _FURTHEST)
