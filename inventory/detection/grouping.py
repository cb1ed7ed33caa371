"""Sums over series of one store, product or category."""

from __future__ import annotations

import numpy as np

from contracts.arrays import Flags, Floats, Integers


def summed(values: Floats | Flags, group: Integers) -> Floats:
    """Sums by group and period, [G, H].

    Args:
        values: of series, [N, H].
        group: number of each series' group, 0 .. G - 1, [N].
    """
    total = np.zeros((int(group.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(total, group, values.astype(np.float64))
    return total
