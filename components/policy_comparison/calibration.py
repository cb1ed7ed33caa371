"""Do the forecast quantiles cover as much demand as they say, also where demand is a count?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def coverage_bounds(
    units: np.ndarray, observed: np.ndarray, quantiles: np.ndarray, levels: Sequence[float]
) -> dict[str, dict[str, float]]:
    """For each level the shares of observed demand below its quantile, and below or at it.

    A quantile q of level a is right where P(D < q) <= a <= P(D <= q). For demand in whole units the two differ much
    (an item that sells nothing on 40 % of its days covers at least 40 % at any level), so quantiles are first
    rounded to whole units where all demand is whole.

    Args:
        units: demand, [N, H].
        observed: 1 where it was observed, [N, H].
        quantiles: forecast, units, [N, H, Q].
        levels: the Q levels.

    Returns:
        By level as text: ``below`` and ``at_most``, shares 0..1; NaN where nothing was observed.
    """
    seen = observed > 0
    demand = units[seen].astype(np.float64)
    forecast = quantiles[seen].astype(np.float64)
    if demand.size and np.all(demand == np.round(demand)):
        forecast = np.round(forecast)
    found = {}
    for i, level in enumerate(levels):
        below = float((demand < forecast[:, i]).mean()) if demand.size else float("nan")
        at_most = float((demand <= forecast[:, i]).mean()) if demand.size else float("nan")
        found[f"{level:g}"] = {"below": below, "at_most": at_most}
    return found
