"""The newsvendor: how often the cheapest stock level serves all demand."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats


def critical_ratio(holding_cost: ArrayLike, shortage_cost: ArrayLike) -> Floats:
    """Share of periods in which the cheapest level serves all demand: p / (p + h).

    Args:
        holding_cost: h, money per unit left over; 0 or more.
        shortage_cost: p, money per unit not served; 0 or more.

    Returns:
        Ratio between 0 and 1, broadcast shape of the two.

    Raises:
        ValueError: a cost is negative or not finite, or both costs of an item are 0 (no level is cheapest).
    """
    holding = np.asarray(holding_cost, dtype=np.float64)
    shortage = np.asarray(shortage_cost, dtype=np.float64)
    if not (np.all(np.isfinite(holding)) and np.all(np.isfinite(shortage))):
        raise ValueError("holding_cost and shortage_cost must be finite")
    if np.any(holding < 0) or np.any(shortage < 0):
        raise ValueError("holding_cost and shortage_cost must be 0 or more")
    total = holding + shortage
    if np.any(total == 0):
        raise ValueError("holding_cost and shortage_cost must not both be 0")
    return np.asarray(shortage / total)
