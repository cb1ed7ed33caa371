"""What a window knows of the time before its history: longer levels, and the same weeks of earlier years.

Summaries instead of periods: a year of days would be twelve times the window. Units are of fully stocked periods alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

YEARS = {"year_ago": 1, "two_years_ago": 2}
"""Features, and how many years back they look, each of 52 weeks, so that weekdays fall on weekdays."""

MISSING = -1.0
"""Of the outputs below, where nothing is known: none of them is negative."""

_FLOOR = 0.01
"""Of the scale, added to both sides of a ratio, so that a year in which hardly anything sold gives none out of hand."""


@dataclass(frozen=True)
class Spans:
    """Lengths in periods.

    Attributes:
        levels: of the longer levels.
        year: 52 weeks.
        year_level: of the level of a year ago, up to one year before the origin.
        around: periods on either side that the smoothed value of a year ago takes in.
        fewest: known periods without which there is no level of a year ago.
    """

    levels: tuple[int, ...]
    year: int
    year_level: int
    around: int
    fewest: int


def spans(period_days: int) -> Spans:
    """Of daily and of weekly data."""
    return Spans((56, 112, 364), 364, 28, 3, 7) if period_days == 1 else Spans((13, 26, 52), 52, 8, 1, 4)


def relative_levels(levels: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Longer levels in units of the scale; ``MISSING`` where there is none. Shape of ``levels``, [N, K]."""
    return tf.where(tf.math.is_finite(levels), levels / scale, MISSING)


def relative_to_level(units: tf.Tensor, level: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Units of a year ago relative to the level then; ``MISSING`` where either is unknown.

    Args:
        units: [N, H].
        level: [N, 1], units a period.
        scale: [N, 1], of today, units a period.
    """
    floor = _FLOOR * scale
    known = tf.math.is_finite(units) & tf.math.is_finite(level)
    ratio = (tf.where(known, units, 0.0) + floor) / (tf.where(tf.math.is_finite(level), level, 0.0) + floor)
    return tf.where(known, ratio, MISSING)
