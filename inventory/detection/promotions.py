"""Promotions that were planned, and whose sales were those of plain days."""

from __future__ import annotations

import numpy as np
from scipy import special

from contracts.arrays import Flags, Floats
from inventory.detection.distribution import Demand
from inventory.detection.evidence import Evidence

UPLIFT = 1.2
"""Least factor by which a promotion has to have been expected to raise sales; without one it cannot be missed."""


def missed_promotions(
    evidence: Evidence, promised: Demand, plain: Demand, promoted: Flags, correlation: float
) -> Floats:
    """p-value of each series, [N], of selling so little on promotion; 1 where plain days explain it no better.

    Args:
        promised: demand as planned.
        plain: demand as if nothing was on promotion.
        promoted: the periods on promotion, [N, H].
        correlation: of two scores of a series.
    """
    asked = promoted & evidence.judged
    count = asked.sum(axis=1)
    total = np.where(asked, evidence.scores, 0.0).sum(axis=1)
    p_values = special.ndtr(total / np.sqrt(np.maximum(count + count * (count - 1) * correlation, 1.0)))

    def over(values: Floats) -> Floats:
        summed: Floats = np.where(asked, values, 0.0).sum(axis=1)
        return summed

    explained = over(plain.log_probability(evidence.units)) > over(promised.log_probability(evidence.units))
    mattered = over(promised.expected) >= UPLIFT * over(plain.expected)
    return np.where((count > 0) & explained & mattered, p_values, 1.0)
