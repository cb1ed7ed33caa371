"""Order-up-to levels: the classical normal one, and the one that demand quantiles imply."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from contracts.arrays import Floats, Integers

# A ratio of exactly 0 or 1 (one of the costs is 0) asks for an infinite level: no more than 3.7 sigma.
_HIGHEST_RATIO = 0.9999
_MOST_DEVIATIONS = 3.72
_HALVINGS = 24
"""Of twice that many deviations: to a millionth of one."""


def protection_interval(lead_time: ArrayLike, review_period: ArrayLike) -> Integers:
    """Periods that an order placed now must cover: L + R.

    An order placed at the end of period t is on the shelf at the start of t+L+1; the next one, placed at the
    end of t+R, at the start of t+R+L+1. So this one covers t+1 .. t+L+R.

    Args:
        lead_time: L, whole periods, 0 or more.
        review_period: R, whole periods, 1 or more.

    Returns:
        Whole periods, broadcast shape of the two.

    Raises:
        ValueError: a lead time is negative or a review period is less than 1.
    """
    lead = np.asarray(lead_time, dtype=np.int64)
    review = np.asarray(review_period, dtype=np.int64)
    if np.any(lead < 0) or np.any(review < 1):
        raise ValueError("lead_time must be 0 or more and review_period 1 or more")
    return np.asarray(lead + review)


def _safety_factor(ratio: ArrayLike) -> Floats:
    ratio = np.asarray(ratio, dtype=np.float64)
    if np.any((ratio < 0) | (ratio > 1)):
        raise ValueError("a critical ratio must lie between 0 and 1")
    return np.asarray(ndtri(np.clip(ratio, 1 - _HIGHEST_RATIO, _HIGHEST_RATIO)))


def normal_base_stock_level(
    mean: ArrayLike, deviation: ArrayLike, interval: ArrayLike, ratio: ArrayLike
) -> Floats:
    """Base-stock level with normal safety stock: n mu + z sigma sqrt(n), never below 0.

    Demand of different periods is taken as independent and equally distributed
    (Snyder and Shen, section 4.3.4). Ratios of 0 and 1 are held at 0.0001 and 0.9999.

    Args:
        mean: mu, units per period.
        deviation: sigma, units per period.
        interval: n, the protection interval in periods.
        ratio: critical ratio, 0..1.

    Returns:
        Units, broadcast shape of the four.

    Raises:
        ValueError: a ratio lies outside 0..1.
    """
    periods = np.asarray(interval, dtype=np.float64)
    expected = np.asarray(mean, dtype=np.float64) * periods
    safety = _safety_factor(ratio) * np.asarray(deviation, dtype=np.float64) * np.sqrt(periods)
    return np.asarray(np.maximum(expected + safety, 0))


def cycle_base_stock_level(
    mean: ArrayLike,
    deviation: ArrayLike,
    lead_time: ArrayLike,
    review_period: ArrayLike,
    holding_cost: ArrayLike,
    shortage_cost: ArrayLike,
) -> Floats:
    """Order-up-to level of least expected cost of a cycle, where holding is paid in each of its periods, [N], units.

    With D_j the demand of the j coming periods, normal with mean j mu and deviation sigma sqrt(j), and unmet demand
    owed, a level S costs in the cycle after the arrival of its order

        sum over j = L+1 .. L+R of h E(S - D_j)+  +  p (E(D_{L+R} - S)+ - E(D_L - S)+)

    (Snyder and Shen, section 4.3, with a review period; what was owed already on arrival is no shortage of this
    cycle). Its slope, h sum F_j(S) - p (F_L(S) - F_{L+R}(S)), is 0 at the level. For L = 0 and R = 1 this is the
    newsvendor's.

    Args:
        mean: mu, units per period.
        deviation: sigma, units per period.
        lead_time: L, whole periods.
        review_period: R, whole periods, 1 or more.
        holding_cost: h, money a unit and period.
        shortage_cost: p, money a unit.
    """
    mu, sigma, lead, review, h, p = np.broadcast_arrays(
        *(
            np.asarray(value, np.float64)
            for value in (mean, deviation, lead_time, review_period, holding_cost, shortage_cost)
        )
    )
    interval = lead + review
    # Without any deviation the level is the mean, as near as makes no difference.
    spread = np.maximum(sigma, 1e-9)

    def level_at(z: Floats) -> Floats:
        return np.asarray(interval * mu + z * spread * np.sqrt(interval))

    def reached(level: Floats, periods: Floats | Integers) -> Floats:
        """F_j; of no periods the demand is 0."""
        z = (level - periods * mu) / (spread * np.sqrt(np.maximum(periods, 1.0)))
        return np.asarray(np.where(periods > 0, ndtr(z), level >= 0))

    low = np.full(mu.shape, -_MOST_DEVIATIONS)
    high = -low
    for _ in range(_HALVINGS):
        z = (low + high) / 2
        level = level_at(z)
        held = np.zeros(mu.shape)
        for j in range(1, int(review.max(initial=0)) + 1):
            held += np.where(j <= review, reached(level, lead + j), 0.0)
        rises = h * held >= p * (reached(level, lead) - reached(level, interval))
        low, high = np.where(rises, low, z), np.where(rises, z, high)
    return np.asarray(np.maximum(level_at(high), 0.0))


def moments_of_quantiles(quantile_levels: ArrayLike, quantiles: ArrayLike) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the distribution that a few quantiles outline.

    The quantile function is drawn as straight lines over the normal score z between the given points; the
    outermost lines run on into the tails, the lower one only down to 0 units. Mean and variance of that
    function are exact (partial moments of the normal distribution), so normal quantiles give back their own
    mean and deviation.

    Args:
        quantile_levels: Q probabilities, rising, strictly between 0 and 1; at least 2.
        quantiles: units, shape [..., Q], not falling along Q, 0 or more.

    Returns:
        Mean and deviation in units, shape [...].

    Raises:
        ValueError: fewer than two levels, levels that do not rise or lie outside 0..1, or a shape that does not fit.
    """
    levels = np.asarray(quantile_levels, dtype=np.float64)
    points = np.asarray(quantiles, dtype=np.float64)
    if levels.ndim != 1 or levels.size < 2 or not np.all(np.diff(levels, prepend=0, append=1) > 0):
        raise ValueError("quantile_levels must be at least two rising probabilities")
    if points.shape[-1:] != levels.shape:
        raise ValueError(f"quantiles end in {points.shape[-1:]} values for {levels.size} levels")
    z = ndtri(levels)
    slopes = np.diff(points, axis=-1) / np.diff(z)
    starts = points[..., :-1] - slopes * z[:-1]
    first, second = np.zeros(points.shape[:-1]), np.zeros(points.shape[:-1])
    lines = [0, *range(levels.size - 1), levels.size - 2]
    for piece, line in enumerate(lines):
        alpha, beta = starts[..., line], slopes[..., line]
        low = z[max(piece - 1, 0)]  # the same for all but the first line
        high = np.inf if piece == len(lines) - 1 else z[piece]
        if piece == 0:  # below the score where the line meets 0, demand is 0 and adds nothing
            reach = np.divide(-alpha, beta, out=np.full(alpha.shape, -np.inf), where=beta > 0)
            low = np.minimum(reach, high)
        mass, density, moment = _partial_moments(low, high)
        first += alpha * mass + beta * density
        second += alpha**2 * mass + 2 * alpha * beta * density + beta**2 * moment
    return first, np.sqrt(np.maximum(second - first**2, 0))


def _partial_moments(low: Floats | float, high: float) -> tuple[Floats, Floats, Floats]:
    """Integrals of 1, z and z squared under the normal density between two scores."""
    low, top = np.clip(low, -40, 40), float(np.clip(high, -40, 40))  # beyond 40 the density is 0 in doubles
    at_low, at_top = norm.pdf(low), norm.pdf(top)
    mass = ndtr(top) - ndtr(low)
    return mass, at_low - at_top, mass + low * at_low - top * at_top


def quantile_plan_level(
    quantile_levels: ArrayLike, quantiles: ArrayLike, interval: ArrayLike, ratio: ArrayLike
) -> Floats:
    """Order-up-to level that the demand quantiles of each coming period imply.

    Each period's quantiles give its mean and deviation (`moments_of_quantiles`); over the protection interval
    means add up, deviations add up in quadrature (errors of different periods taken as independent), and
    the level is sum of means + z(ratio) x joint deviation, never below 0. The sum over several periods is
    nearer to normal than each of them, hence the normal score.

    Args:
        quantile_levels: Q rising probabilities.
        quantiles: units, [N, H, Q].
        interval: protection interval of each item in periods, [N], 1..H.
        ratio: critical ratio of each item, [N], 0..1; held within 0.0001..0.9999.

    Returns:
        Units, [N].

    Raises:
        ValueError: an interval lies outside 1..H, a ratio outside 0..1, or shapes do not fit.
    """
    points = np.asarray(quantiles, dtype=np.float64)
    if points.ndim != 3:
        raise ValueError("quantiles must have the shape [items, periods, quantiles]")
    periods = np.broadcast_to(np.asarray(interval, dtype=np.int64), points.shape[:1])
    if np.any((periods < 1) | (periods > points.shape[1])):
        raise ValueError(f"the protection interval must lie between 1 and the horizon of {points.shape[1]}")
    mean, deviation = moments_of_quantiles(quantile_levels, points)
    covered = np.arange(points.shape[1])[None, :] < periods[:, None]
    joint = np.sqrt(np.where(covered, deviation**2, 0).sum(axis=1))
    level = np.where(covered, mean, 0).sum(axis=1) + _safety_factor(ratio) * joint
    return np.asarray(np.maximum(level, 0))
