"""How service and costs imply each other: the level that costs ask for, and the shortage cost that a level implies."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc, gammaincc, gammaincinv

from contracts.arrays import Floats

HIGHEST_TARGET = 0.9999
"""Beyond, a fitted distribution says nothing of demand."""
_LOWEST_CYCLE_SERVICE = 0.5
_LEAST_SPREAD = 1e-3
"""Deviation of demand that hardly varies, as a share of its mean: without any, each cost asks for the mean."""
_HALVINGS = 40


def shortage_of_cycle_service(holding: ArrayLike, review_period: ArrayLike, target: ArrayLike) -> Floats:
    """Money a unit not served, at which the cheapest level of a newsvendor serves all demand in so many cycles.

    p = h R a / (1 - a), from the critical ratio a = p / (p + h R) (Snyder and Shen, section 4.3).

    Args:
        holding: h, money per unit and period.
        review_period: R, periods of a cycle.
        target: a, share of the cycles in which all demand is served, more than 0 and less than 1.
    """
    share = np.asarray(target, np.float64)
    return np.asarray(np.asarray(holding, np.float64) * np.asarray(review_period) * share / (1 - share))


def cycle_service_of_fill_rate(
    mean: ArrayLike, deviation: ArrayLike, lead_time: ArrayLike, review_period: ArrayLike, target: ArrayLike
) -> Floats:
    """Share of cycles without a shortage, where so much of the demand is served from stock.

    Demand of L + R periods, independent ones, is taken as gamma distributed, with k = (mean / deviation)^2 and
    theta = deviation^2 / mean: it is not negative, and skewed as that of slow items is, of which a normal one would
    serve a tenth less than wanted. An order-up-to level S lacks in a cycle, with Q the upper regularised incomplete
    gamma function (Burgin 1975, Operational Research Quarterly 26),

        E(D - S)+ = k theta Q(k + 1, S / theta) - S Q(k, S / theta)

    units, which is solved for the (1 - f) mu units of R periods that may be lacking, by halving. What was short on
    arrival counts with it, so that rather too much is served than too little. The share is held within 0.5 and
    HIGHEST_TARGET: a level that more often lacks than not is none to plan by.

    Args:
        mean, deviation: mu and sigma, units of R periods, [N]; the mean is more than 0.
        lead_time: L, periods, [N] or one for all.
        review_period: R, periods, [N] or one for all.
        target: f, share of the demand, more than 0 and less than 1, [N] or one for all.

    Returns:
        [N].
    """
    mu, sigma, lead, review, fill = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (mean, deviation, lead_time, review_period, target))
    )
    cycles = (lead + review) / review
    spread = np.maximum(sigma / mu, _LEAST_SPREAD) / np.sqrt(cycles)
    shape = 1 / spread**2
    # In units of theta, as all levels below.
    bearable = (1 - fill) * shape / cycles
    low, high = (gammaincinv(shape, share) for share in (_LOWEST_CYCLE_SERVICE, HIGHEST_TARGET))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = shape * gammaincc(shape + 1, middle) - middle * gammaincc(shape, middle) > bearable
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(np.clip(gammainc(shape, high), _LOWEST_CYCLE_SERVICE, HIGHEST_TARGET))


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
