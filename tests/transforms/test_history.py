"""The rules for stock-outs, outliers and levels, each on a window made to show it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from transforms import history


def _row(*values: float) -> tf.Tensor:
    return tf.constant([values], tf.float32)


def test_partly_stocked_periods_are_scaled_up_to_three_times() -> None:
    units, share = _row(6, 6, 6, 6), _row(1, 0.5, 0.1, 0)
    np.testing.assert_allclose(history.recovered_demand(units, share)[0], [6, 12, 18, 6], rtol=1e-6)


def test_a_lone_peak_is_cut_to_eight_times_the_others_mean() -> None:
    cut = history.winsorised(_row(1, 2, 3, 100), _row(1, 1, 1, 1), _row(0, 0, 0, 0))
    np.testing.assert_allclose(cut[0], [1, 2, 3, 16], rtol=1e-6)


def test_a_promotion_peak_is_never_cut() -> None:
    values = _row(1, 2, 3, 100)
    np.testing.assert_array_equal(history.winsorised(values, _row(1, 1, 1, 1), _row(0, 0, 0, 1)), values)


def test_a_single_sale_is_no_outlier() -> None:
    values = _row(0, 0, 0, 5)
    np.testing.assert_array_equal(history.winsorised(values, _row(1, 1, 1, 1), _row(0, 0, 0, 0)), values)


def test_an_empty_window_takes_the_prior() -> None:
    assert history.shrunk_mean(_row(0, 0), _row(0, 0), 4.0).numpy() == 4.0


def test_a_period_without_stock_is_not_low_demand() -> None:
    seen = history.recent_levels(_row(2, 2, 0, 0), _row(1, 1, 0, 0), (4,))
    np.testing.assert_allclose(seen, history.recent_levels(_row(2, 2), _row(1, 1), (2,)), rtol=1e-6)


def test_weekly_profile_looks_a_year_back() -> None:
    demand = tf.one_hot([60 - 52], 60) * 4.0
    profile = history.seasonal_profile(demand, tf.ones([1, 60]), horizon=2, season=52)
    # t+1 less 52 weeks is the period 8th from the start; 4 and the prior 1 share the weight.
    np.testing.assert_allclose(profile[0], [2.5, 0.5], rtol=1e-6)
