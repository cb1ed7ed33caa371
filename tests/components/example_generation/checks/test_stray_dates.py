"""A slip of the pen is found, and no shop is taken for one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.example_generation.checks.stray_dates import stray_days

START = 19_723


def found(days: list[int], rows: list[int], period_days: int = 1) -> list[int]:
    order = np.argsort(days)
    return stray_days(np.array(days)[order], np.array(rows)[order], period_days).tolist()


@settings(max_examples=100, deadline=None)
@given(
    periods=st.integers(100, 700),
    series=st.integers(4, 50),
    period_days=st.sampled_from([1, 7]),
    sundays=st.booleans(),
    holiday=st.integers(0, 10),
    ahead=st.one_of(st.integers(15, 400), st.none()),
    back=st.one_of(st.sampled_from([365, 3653, 7305]), st.none()),
    begin=st.floats(0, 1),
    seed=st.integers(0, 999),
)
def test_one_row_far_ahead_or_years_back_is_found(
    periods: int,
    series: int,
    period_days: int,
    sundays: bool,
    holiday: int,
    ahead: int | None,
    back: int | None,
    begin: float,
    seed: int,
) -> None:
    days = [START + n * period_days for n in range(periods)]
    if sundays and period_days == 1:
        days = [day for day in days if day % 7 != 3]
    first = 5 + int(begin * (len(days) - 20))
    del days[first : first + holiday]
    rows = np.random.default_rng(seed).integers(max(series * 3 // 4, 4), series + 1, len(days)).tolist()
    strays = []
    if ahead is not None:
        strays.append(days[-1] + ahead * period_days)
    if back is not None:
        strays.append(days[0] - back // period_days * period_days)
    assert sorted(set(found(days + strays, rows + [1] * len(strays), period_days))) == sorted(strays)
    assert found(days, rows, period_days) == []


@settings(max_examples=300, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 9), min_size=1, max_size=120),
    rows=st.integers(1, 3),
    closed=st.integers(0, 62),
    where=st.floats(0, 1),
    period_days=st.sampled_from([1, 7]),
)
def test_a_sparse_shop_with_a_long_pause_anywhere_is_as_it_is(
    gaps: list[int], rows: int, closed: int, where: float, period_days: int
) -> None:
    gaps[min(int(where * len(gaps)), len(gaps) - 1)] += closed // period_days
    days = (START + period_days * np.cumsum([0, *gaps])).tolist()
    assert found(days, [rows] * len(days), period_days) == []


@settings(max_examples=200, deadline=None)
@given(
    before=st.integers(1, 200), closed=st.integers(1, 90), after=st.integers(1, 30), series=st.integers(4, 40),
    share=st.floats(0.3, 1.0),
)  # fmt: skip
def test_a_shop_that_opens_again_is_as_it_is(
    before: int, closed: int, after: int, series: int, share: float
) -> None:
    days = [START + n for n in range(before)] + [START + before + closed + n for n in range(after)]
    rows = [series] * before + [max(int(series * share), series // 4 + 1)] * after
    assert found(days, rows) == []


@pytest.mark.parametrize("days", [[START], [START, START + 4000], [START, START + 1, START + 900], []])
def test_too_few_dates_have_no_body(days: list[int]) -> None:
    assert found(days, [1] * len(days)) == []


def test_several_rows_of_one_slip_and_two_slips() -> None:
    days = [START + n for n in range(190)]
    assert found([*days, START + 209], [12] * 190 + [3]) == [START + 209]
    assert found([*days, START + 209, START + 240], [12] * 190 + [1, 1]) == [START + 209, START + 240]
    # A few days ahead with hardly a row, where every day has a dozen.
    assert found([*days, START + 194], [12] * 190 + [1]) == [START + 194]
    # After one day without any, in a shop that never had one; not so the next day.
    assert found([*days, START + 191], [12] * 190 + [1]) == [START + 191]
    assert found([*days, START + 190], [12] * 190 + [1]) == []
    # As many rows as a day has are a day, and so are two in a shop that is closed now and then.
    assert found([*days, START + 191], [12] * 190 + [4]) == []
    assert found([day for day in days if day % 7] + [START + 192], [12] * 163 + [1]) == []
    assert found([*days, START + 209], [12] * 190 + [12]) == []


def test_one_series_a_century_off() -> None:
    days = [START + n for n in range(190)]
    wrong = (date(1970, 1, 1) + timedelta(days=START)).replace(year=1974)
    stray = (wrong - date(1970, 1, 1)).days
    assert found([stray, *days], [1] * 191) == [stray]


def test_a_pilot_before_the_opening_is_as_it_is() -> None:
    days = [START - 40 + n for n in range(5)] + [START + n for n in range(190)]
    assert found(days, [2] * 5 + [12] * 190) == []
