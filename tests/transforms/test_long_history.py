from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from transforms.long_history import MISSING, relative_levels, relative_to_level, spans


def test_levels_are_in_units_of_the_scale() -> None:
    levels = tf.constant([[4.0, 2.0, np.nan]])
    assert relative_levels(levels, tf.constant([[2.0]])).numpy().tolist() == [[2.0, 1.0, MISSING]]


def test_a_year_ago_is_relative_to_its_own_level() -> None:
    units = tf.constant([[6.0, 0.0, np.nan], [6.0, 0.0, 1.0]])
    found = relative_to_level(units, tf.constant([[3.0], [np.nan]]), tf.constant([[1.0], [1.0]])).numpy()
    assert found[0, 0] == pytest.approx(2.0, rel=0.01) and 0 < found[0, 1] < 0.01
    assert found[0, 2] == MISSING and (found[1] == MISSING).all()


def test_a_year_without_sales_gives_no_huge_ratio() -> None:
    found = relative_to_level(tf.constant([[1.0]]), tf.constant([[0.0]]), tf.constant([[1.0]]))
    assert found.numpy()[0, 0] == pytest.approx(101.0)


@pytest.mark.parametrize("period_days", [1, 7])
def test_weekdays_fall_on_weekdays(period_days: int) -> None:
    assert spans(period_days).year * period_days == 364
