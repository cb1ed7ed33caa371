"""Which of many p-values are findings."""

from __future__ import annotations

import numpy as np
from scipy import stats

from contracts.arrays import Flags, Floats


def discoveries(p_values: Floats, asked: Flags, rate: float) -> Flags:
    """Findings among which, on average, at most a share of ``rate`` is false (Benjamini and Hochberg, 1995).

    Args:
        p_values: of a family of questions, any shape.
        asked: which of them were asked; the others are none.
        rate: of false discoveries.
    """
    found = np.zeros(p_values.shape, bool)
    if asked.any():
        found[asked] = stats.false_discovery_control(np.clip(p_values[asked], 0.0, 1.0)) <= rate
    return found
