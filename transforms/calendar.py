"""Calendar features of the future periods, from the origin alone."""

from __future__ import annotations

import math

import tensorflow as tf

DAYS_OF_YEAR = 365.2425
CONCENTRATED = 0.3
"""Mean resultant length above which origins do not cover a year: sin(pi x) / (pi x) for a share x of 0.76."""

EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""


def future_days(origin: tf.Tensor, horizon: int, period_days: int) -> tf.Tensor:
    """Days since 1970-01-01 of the periods t+1 .. t+horizon; origin is int64 [N, 1], the result [N, horizon]."""
    return origin + tf.range(1, horizon + 1, dtype=tf.int64)[None, :] * period_days


def weekday(days: tf.Tensor) -> tf.Tensor:
    """Day of the week, 0 Monday .. 6 Sunday."""
    return tf.math.floormod(days + EPOCH_WEEKDAY, 7)


def day_of_month(days: tf.Tensor) -> tf.Tensor:
    """1 .. 31 of days since 1970-01-01, int64, same shape.

    Counts from March, so that the leap day ends a year (Hinnant 2013, chrono-compatible low-level date algorithms).
    """
    day = tf.math.floormod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    of_year = day - (365 * year + year // 4 - year // 100)
    return of_year - (153 * ((5 * of_year + 2) // 153) + 2) // 5 + 1


def year_position(days: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Sine and cosine, float32, of the position in the year; 0 and 1 at the turn of the year (within a day)."""
    turn = tf.math.floormod(tf.cast(days, tf.float64), DAYS_OF_YEAR) / DAYS_OF_YEAR
    angle = turn * (2.0 * math.pi)
    return tf.cast(tf.sin(angle), tf.float32), tf.cast(tf.cos(angle), tf.float32)


def covers_a_year(sine: tf.Tensor, cosine: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """1 where origins lie all round the year, else 0, from sums of their year positions over the training data.

    The mean of points spread over a whole year lies at the centre of the circle, of points from one season at
    its rim. With less than about three quarters of a year the position in the year cannot be told from a trend,
    and a model that extrapolates it goes astray.
    """
    length = tf.math.divide_no_nan(tf.sqrt(tf.square(sine) + tf.square(cosine)), count)
    return tf.cast(length < CONCENTRATED, tf.float32)
