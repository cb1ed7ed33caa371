from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.windowing.baselines import base_stock_levels, open_shares
from inventory.base_stock import cycle_base_stock_level

PERIODS = 28
DAYS = st.lists(st.integers(0, 9), min_size=40, max_size=40)


def level(
    units: list[float],
    promotion: list[float] | None = None,
    stocked: list[float] | None = None,
    closed: list[int] | None = None,
) -> float:
    """Of one series: lead time 2, review 7, costs 1 and 9."""
    shape = (1, len(units))
    windows = {
        "history_units": np.array([units], np.float32),
        "history_present": np.ones(shape, np.float32),
        "history_in_stock": np.ones(shape, np.float32)
        if stocked is None
        else np.array([stocked], np.float32),
        "history_promotion": np.full(shape, np.nan, np.float32)
        if promotion is None
        else np.array([promotion]),
        "future_open": np.ones((1, 14)) if closed is None else 1 - np.isin(np.arange(14), closed)[None, :],
        "lead_time": np.array([[2]]),
        "review_period": np.array([[7]]),
        "holding_cost": np.array([[1.0]]),
        "shortage_cost": np.array([[9.0]]),
    }
    return float(base_stock_levels(windows, PERIODS)[0, 0])


def classical(units: list[float], open_share: float = 1.0) -> float:
    newest = np.array(units, np.float64)[-PERIODS:]
    mean, deviation = newest.mean() * open_share, newest.std(ddof=1) * open_share**0.5
    return float(cycle_base_stock_level(mean, deviation, 2, 7, 1.0, 9.0))


@settings(deadline=None)
@given(DAYS.filter(lambda days: max(days) * (sum(x > 0 for x in days) - 1) <= 8 * (sum(days) - max(days))))
def test_without_a_peak_it_is_the_classical_level(days: list[float]) -> None:
    assert level(days) == pytest.approx(classical(days), rel=1e-5)


@settings(deadline=None)
@given(DAYS.filter(lambda days: sum(x > 0 for x in days[:-1]) >= 3), st.floats(200, 1e30))
def test_a_bulk_sale_of_any_size_moves_it_no_further_than_the_largest_that_is_believed(
    days: list[float], size: float
) -> None:
    usual = float(np.mean([x for x in days[:-1] if x > 0]))
    assert level([*days[:-1], size]) == pytest.approx(classical([*days[:-1], 8 * usual]), rel=1e-5)


def test_one_days_bulk_sale_does_not_set_the_level() -> None:
    days = [2.0, 0.0, 1.0, 3.0] * 10
    peaked = [*days[:-5], 80_995.0, *days[-4:]]
    assert level(peaked) < 3 * level(days)
    promoted = [0.0] * len(days)
    promoted[-5] = 1.0
    assert level(peaked, promoted) == pytest.approx(classical(peaked), rel=1e-5)


def test_a_day_that_was_out_of_stock_sets_no_level() -> None:
    stocked = [1.0] * 40
    stocked[-1] = 0.5
    days = [2.0, 4.0] * 20
    assert level(days, stocked=stocked) == pytest.approx(classical(days[-PERIODS:-1]), rel=1e-5)


def test_closed_days_of_the_interval_need_no_stock() -> None:
    days = [2.0, 4.0, 1.0, 3.0] * 10
    assert level(days, closed=[5, 6, 12, 13]) == pytest.approx(classical(days, open_share=7 / 9))
    assert level([2.0, 4.0] * 20, closed=list(range(14))) == 0


def test_beyond_the_horizon_a_store_is_open_as_often_as_within_it() -> None:
    windows = {"lead_time": np.array([[13], [2]]), "review_period": np.array([[7], [1]])}
    is_open = np.ones((2, 14))
    is_open[:, [6, 13]] = 0
    assert open_shares(windows | {"future_open": is_open}).tolist() == [12 / 14, 1.0]
