"""What a window's own history says: demand, its level, its season. Pure tensor functions, no analyzers.

All of them take float32 tensors of shape [N, T], oldest period first, column T-1 the origin.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

RECOVERY_CAP = 3.0
"""A partly stocked period counts for at most this multiple of what it sold."""

OUTLIER_MULTIPLE = 8.0
"""Unpromoted periods above this multiple of the window's mean non-zero demand are cut down to it."""

LEVEL_PRIOR = 0.5
"""Weight, in periods, of the prior in every shrunk mean below: an empty window gets the prior itself."""


def finite(x: tf.Tensor, default: float | tf.Tensor = 0.0) -> tf.Tensor:
    """x with NaN and infinity replaced by default."""
    return tf.where(tf.math.is_finite(x), x, default * tf.ones_like(x))


def observed_share(present: tf.Tensor, in_stock: tf.Tensor) -> tf.Tensor:
    """Share of each period, 0..1, in which demand could be seen: 0 where units are unknown or stock was out."""
    return tf.clip_by_value(finite(present) * finite(in_stock), 0.0, 1.0)


def recovered_demand(units: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Units a period would have sold with stock throughout, assuming demand even over the period.

    units / max(share, 1 / RECOVERY_CAP) where the product was in stock for some of the period. Where it was
    never in stock there is nothing to scale: the units stay as they are (a lower bound, often 0) and
    observed_share tells readers not to trust them.
    """
    factor = tf.where(share > 0.0, 1.0 / tf.maximum(share, 1.0 / RECOVERY_CAP), tf.ones_like(share))
    return tf.maximum(finite(units), 0.0) * factor


def winsorised(demand: tf.Tensor, share: tf.Tensor, promotion: tf.Tensor) -> tf.Tensor:
    """Demand with lone peaks cut to OUTLIER_MULTIPLE x the mean of the window's other non-zero observed periods.

    Promotion periods (promotion > 0) are never cut, and neither are windows with fewer than two non-zero
    observed periods, where there is nothing to call a peak. The period itself is left out of the mean, so
    that a peak cannot raise its own limit.
    """
    counted = tf.cast((demand > 0.0) & (share > 0.0), tf.float32)
    others = tf.reduce_sum(counted, axis=1, keepdims=True) - counted
    rest = tf.reduce_sum(counted * demand, axis=1, keepdims=True) - counted * demand
    limit = OUTLIER_MULTIPLE * tf.math.divide_no_nan(rest, others)
    cut = (promotion <= 0.0) & (others >= 1.0) & (counted > 0.0) & (demand > limit) & (limit > 0.0)
    return tf.where(cut, limit, demand)


def shrunk_mean(values: tf.Tensor, weights: tf.Tensor, prior: float | tf.Tensor) -> tf.Tensor:
    """Weighted mean over time pulled towards prior, shape [N, 1]; with no weight at all it is the prior."""
    total = tf.reduce_sum(weights * values, axis=1, keepdims=True)
    weight = tf.reduce_sum(weights, axis=1, keepdims=True)
    return (total + LEVEL_PRIOR * prior) / (weight + LEVEL_PRIOR)


def recent_levels(demand: tf.Tensor, share: tf.Tensor, spans: tuple[int, ...]) -> tf.Tensor:
    """Shrunk mean of scaled demand over each of the last spans periods, shape [N, len(spans)]; prior 1."""
    return tf.concat([shrunk_mean(demand[:, -s:], share[:, -s:], 1.0) for s in spans], axis=1)


def seasonal_profile(demand: tf.Tensor, share: tf.Tensor, horizon: int, season: int) -> tf.Tensor:
    """Shrunk mean of scaled demand in earlier periods of the same season, for each future period, [N, horizon].

    The same season means a whole number of seasons earlier: the same weekday (season 7) in daily data, the
    same week of the year (season 52) in weekly data. Prior 1, the series' own level, with weight one period.
    """
    history = int(demand.shape[1])
    lag = np.arange(1, horizon + 1)[None, :] + np.arange(history - 1, -1, -1)[:, None]
    same = tf.constant((lag % season == 0).astype(np.float32))
    return (tf.matmul(share * demand, same) + 1.0) / (tf.matmul(share, same) + 1.0)


def promotion_levels(demand: tf.Tensor, share: tf.Tensor, promotion: tf.Tensor) -> tf.Tensor:
    """Shrunk means of scaled demand without and with promotion, shape [N, 2]; prior 1."""
    promoted = tf.cast(promotion > 0.0, tf.float32)
    return tf.concat(
        [shrunk_mean(demand, share * (1.0 - promoted), 1.0), shrunk_mean(demand, share * promoted, 1.0)],
        axis=1,
    )
