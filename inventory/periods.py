"""The order of events in one period, for many items at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats


@dataclass(frozen=True)
class Period:
    """What one period did to each item; every field is [N], in units."""

    available: Floats  # on the shelf after the arrivals, before demand
    sales: Floats
    unserved: Floats
    on_hand: Floats  # left at the end


def step(on_hand: ArrayLike, arrivals: ArrayLike, demand: ArrayLike) -> Period:
    """One period with lost sales: arrivals, then demand, then what is left.

    Args:
        on_hand: units left at the end of the period before, [N].
        arrivals: units of the orders due now, [N].
        demand: units asked for, [N].

    Returns:
        sales = min(available, demand); what is not served is lost.
    """
    available = np.asarray(on_hand, dtype=np.float64) + np.asarray(arrivals, dtype=np.float64)
    demand = np.asarray(demand, dtype=np.float64)
    sales = np.minimum(available, demand)
    return Period(available, sales, demand - sales, available - sales)
