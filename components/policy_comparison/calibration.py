"""Do the forecast quantiles cover as much demand as they say, also where demand is a count?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Arrays, Flags, Floats
from inventory.paths import mean_weights, sample_paths

LEVEL_SHIFT = 0.1
"""As far as all series together may lie from their forecasts before that counts against the quantiles. It is one event,
however many series there are: over a few weeks a chain sells so much more or less, and no quantile of a series tells.
"""

_MOST_SUMS = 20_000
"""Windows of which sums are taken: enough to tell a share to half a point."""
_AT_ONCE = 2048


def level_of(units: Floats, observed: NDArray[Any], quantiles: Floats, levels: Sequence[float]) -> float:
    """Observed demand of all series relative to what was forecast, within ``LEVEL_SHIFT``; 1 where nothing was.

    Args and shapes as of ``coverage_bounds``.
    """
    forecast = float(((quantiles @ mean_weights(levels)) * observed).sum())
    demand = float((units * observed).sum())
    if not (forecast > 0 and demand > 0):
        return 1.0
    return float(np.clip(demand / forecast, 1 / (1 + LEVEL_SHIFT), 1 + LEVEL_SHIFT))


def coverage_at_level(
    units: Floats, observed: NDArray[Any], quantiles: Floats, levels: Sequence[float]
) -> dict[str, dict[str, float]]:
    """Coverage as forecast, and once all forecasts are taken times their ``level_of``: by quantile level as text.

    Args as of ``coverage_bounds``.

    Returns:
        ``below`` and ``at_most`` as forecast; ``level``; ``below_at_level`` and ``at_most_at_level``.
    """
    level = level_of(units, observed, quantiles, levels)
    found, moved = (coverage_bounds(units, observed, quantiles * factor, levels) for factor in (1.0, level))
    return {
        text: {**shares, "level": level, **{f"{name}_at_level": moved[text][name] for name in shares}}
        for text, shares in found.items()
    }


def coverage_bounds(
    units: Floats, observed: NDArray[Any], quantiles: Floats, levels: Sequence[float]
) -> dict[str, dict[str, float]]:
    """For each level the shares of observed demand below its quantile, and below or at it.

    A quantile q of level a is right where P(D < q) <= a <= P(D <= q). For demand in whole units the two differ much
    (an item that sells nothing on 40 % of its days covers at least 40 % at any level), so quantiles are first
    rounded to whole units in windows whose demand is whole; in others, sold by weight, a quantile below half of the
    least that was sold stands for 0.

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
    forecast = _in_units_sold(units, seen, quantiles.astype(np.float64))[seen]
    found = {}
    for i, level in enumerate(levels):
        below = float((demand < forecast[:, i]).mean()) if demand.size else float("nan")
        at_most = float((demand <= forecast[:, i]).mean()) if demand.size else float("nan")
        found[f"{level:g}"] = {"below": below, "at_most": at_most}
    return found


def interval_sums(
    windows: Arrays, quantiles: Floats, levels: Sequence[float], scores: Floats
) -> tuple[Floats, NDArray[Any], Floats]:
    """Demand summed over each window's protection interval, which is what orders are for, and the sum's quantiles.

    The quantiles are those of the sums along the demand paths (``inventory.paths``); of many windows some are taken.

    Args:
        windows: ``protection_demand``, ``protection_observed``, ``lead_time`` and ``review_period``, [N, 1].
        quantiles: forecast of single periods, units, [N, H, Q].
        levels: the Q levels.
        scores: how the periods go together, [S, H].

    Returns:
        Units and masks, [M, 1], and quantiles, [M, 1, Q], of the windows whose interval was observed.
    """
    judged = np.flatnonzero(windows["protection_observed"][:, 0] > 0)
    if len(judged) > _MOST_SUMS:
        judged = np.sort(np.random.default_rng(0).choice(judged, _MOST_SUMS, replace=False))
    interval = (windows["lead_time"] + windows["review_period"])[judged]
    inside = (np.arange(quantiles.shape[1]) < interval).astype(np.float64)
    found = np.zeros((len(judged), len(levels)))
    for begin in range(0, len(judged), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        paths = sample_paths(levels, quantiles[judged[part]], scores)
        sums = np.einsum("nsh,nh->ns", paths, inside[part])
        found[part] = np.quantile(sums, levels, axis=1).T
    demand, observed = (windows[name][judged] for name in ("protection_demand", "protection_observed"))
    return demand, observed, found[:, None, :]


def _in_units_sold(units: Floats, seen: Flags, quantiles: Floats) -> Floats:
    whole = ((units == np.round(units)) | ~seen).all(axis=1)
    least = np.where(seen & (units > 0), units, np.inf).min(axis=1, initial=np.inf)
    by_weight = np.where(quantiles < least[:, None, None] / 2, 0.0, quantiles)
    return np.where(whole[:, None, None], np.round(quantiles), by_weight)
