"""The newsvendor: what a stock level costs when demand turns out higher or lower than it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import norm


def critical_ratio(holding_cost: ArrayLike, shortage_cost: ArrayLike) -> NDArray[np.float64]:
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


def newsvendor_cost(
    level: ArrayLike, demand: ArrayLike, holding_cost: ArrayLike, shortage_cost: ArrayLike
) -> NDArray[np.float64]:
    """Cost of one level against one realised demand: h (S - d)+ + p (d - S)+.

    Args:
        level: S, units.
        demand: d, units.
        holding_cost: h, money per unit left over.
        shortage_cost: p, money per unit not served.

    Returns:
        Money, broadcast shape of the four.
    """
    gap = np.asarray(level, dtype=np.float64) - np.asarray(demand, dtype=np.float64)
    left = np.asarray(holding_cost, dtype=np.float64) * np.maximum(gap, 0)
    short = np.asarray(shortage_cost, dtype=np.float64) * np.maximum(-gap, 0)
    return np.asarray(left + short)


def newsvendor_normal(
    holding_cost: ArrayLike, shortage_cost: ArrayLike, mean: ArrayLike, deviation: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cheapest level and its expected cost when demand is normal.

    S* = mu + z sigma with z = Phi^-1(p / (p + h)); cost = (h + p) phi(z) sigma
    (Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd edition, section 4.3.2).

    Args:
        holding_cost: h, money per unit left over; more than 0.
        shortage_cost: p, money per unit not served; more than 0.
        mean: mu, units.
        deviation: sigma, units; 0 or more.

    Returns:
        Level (units) and expected cost (money), broadcast shape of the four.

    Raises:
        ValueError: a cost is not positive (the level would be infinite) or a deviation is negative.
    """
    sigma = np.asarray(deviation, dtype=np.float64)
    if np.any(sigma < 0):
        raise ValueError("deviation must be 0 or more")
    ratio = critical_ratio(holding_cost, shortage_cost)
    if np.any((ratio == 0) | (ratio == 1)):
        raise ValueError("a probability must lie strictly between 0 and 1")
    z = ndtri(ratio)
    rate = np.asarray(holding_cost, dtype=np.float64) + np.asarray(shortage_cost, dtype=np.float64)
    return np.asarray(np.asarray(mean, dtype=np.float64) + z * sigma), np.asarray(rate * norm.pdf(z) * sigma)


def expected_cost_normal(
    level: ArrayLike, holding_cost: ArrayLike, shortage_cost: ArrayLike, mean: ArrayLike, deviation: ArrayLike
) -> NDArray[np.float64]:
    """Expected cost of any level when demand is normal: h (S - mu) + (h + p) sigma L(z), L the loss function.

    Args:
        level: S, units.
        holding_cost: h, money per unit left over.
        shortage_cost: p, money per unit not served.
        mean: mu, units.
        deviation: sigma, units; more than 0.

    Returns:
        Money, broadcast shape of the five.
    """
    level, mean = np.asarray(level, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    holding, sigma = np.asarray(holding_cost, dtype=np.float64), np.asarray(deviation, dtype=np.float64)
    z = (level - mean) / sigma
    loss = norm.pdf(z) - z * ndtr(-z)
    rate = holding + np.asarray(shortage_cost, dtype=np.float64)
    return np.asarray(holding * (level - mean) + rate * sigma * loss)
