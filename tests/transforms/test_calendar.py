from __future__ import annotations

import datetime

import numpy as np
import pytest
import tensorflow as tf

from transforms import calendar

EPOCH = datetime.date(1970, 1, 1)


@pytest.mark.parametrize("period_days", [1, 7])
def test_weekdays_agree_with_the_calendar(period_days: int) -> None:
    origins = np.array([[-3], [0], [18_321], [20_000]])
    days = calendar.future_days(tf.constant(origins, tf.int64), 9, period_days)
    expected = [
        [(EPOCH + datetime.timedelta(days=int(o) + h * period_days)).weekday() for h in range(1, 10)]
        for o in origins[:, 0]
    ]
    np.testing.assert_array_equal(calendar.weekday(days), expected)


@pytest.mark.parametrize(("length", "covers"), [(90, 0.0), (180, 0.0), (330, 1.0), (730, 1.0)])
def test_a_season_is_not_a_year(length: int, covers: float) -> None:
    sine, cosine = calendar.year_position(tf.range(19_000, 19_000 + length, dtype=tf.int64))
    sums = [tf.reduce_sum(sine), tf.reduce_sum(cosine), tf.constant(float(length))]
    assert calendar.covers_a_year(*sums).numpy() == covers
