"""Calendar features of the future periods, from the origin alone."""

from __future__ import annotations

import math

import tensorflow as tf

DAYS_OF_YEAR = 365.2425
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""


def future_days(origin: tf.Tensor, horizon: int, period_days: int) -> tf.Tensor:
    """Days since 1970-01-01 of the periods t+1 .. t+horizon; origin is int64 [N, 1], the result [N, horizon]."""
    return origin + tf.range(1, horizon + 1, dtype=tf.int64)[None, :] * period_days


def weekday(days: tf.Tensor) -> tf.Tensor:
    """Day of the week, 0 Monday .. 6 Sunday."""
    return tf.math.floormod(days + EPOCH_WEEKDAY, 7)


def year_phase(days: tf.Tensor) -> tf.Tensor:
    """Position in the year as float32 angle in [0, 2 pi), 0 at the turn of the year (within a day)."""
    turn = tf.math.floormod(tf.cast(days, tf.float64), DAYS_OF_YEAR) / DAYS_OF_YEAR
    return tf.cast(turn * (2.0 * math.pi), tf.float32)
