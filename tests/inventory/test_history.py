from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inventory.history import largest_stretch, peak_limits

MULTIPLE = 8.0
UNITS = st.lists(st.one_of(st.just(0.0), st.integers(1, 40).map(float)), min_size=6, max_size=40)


def cut(units: list[float], spared: list[bool] | None = None) -> NDArray[Any]:
    """One known series with its peaks cut."""
    row = np.array([units])
    exempt = np.zeros(row.shape, bool) if spared is None else np.array([spared])
    limit = peak_limits(row, np.ones(row.shape, bool), exempt, MULTIPLE)
    return np.asarray(np.where(exempt, row, np.minimum(row, limit[:, None])))[0]


def one_by_one(units: list[float], spared: list[bool]) -> NDArray[Any]:
    """The same by cutting every period to its own limit again and again, until none is above."""
    found = np.array(units)
    for _ in range(10_000):
        limits = np.full(found.size, np.inf)
        for index in np.flatnonzero(found > 0):
            others = np.delete(found, index)
            if (others > 0).any() and not spared[index]:
                limits[index] = MULTIPLE * others[others > 0].mean()
        nearer = np.minimum(found, limits)
        if np.allclose(nearer, found, rtol=1e-12, atol=0):
            break
        found = nearer
    return found


@given(
    units=UNITS, peaks=st.lists(st.tuples(st.integers(0, 5), st.floats(1, 1e7), st.booleans()), max_size=3)
)
def test_it_is_where_cutting_again_and_again_ends(
    units: list[float], peaks: list[tuple[int, float, bool]]
) -> None:
    spared = [False] * len(units)
    for index, peak, promoted in peaks:
        units[index], spared[index] = peak, promoted
    np.testing.assert_allclose(cut(units, spared), one_by_one(units, spared), rtol=1e-5)


@given(units=UNITS.filter(lambda units: sum(x > 0 for x in units[1:]) >= 3), size=st.floats(500, 1e30))
def test_one_peak_of_any_size_counts_for_no_more_than_a_multiple_of_the_others(
    units: list[float], size: float
) -> None:
    found = cut([size, *units[1:]])
    others = np.array([x for x in units[1:] if x > 0])
    assert found[0] == pytest.approx(MULTIPLE * others.mean())
    np.testing.assert_array_equal(found[1:], units[1:])


@given(st.lists(st.sampled_from([0.0, 0.0, 3.0, 5.0]), min_size=3, max_size=30))
def test_a_few_equal_sales_among_quiet_days_are_no_peaks(units: list[float]) -> None:
    np.testing.assert_array_equal(cut(units), units)


def test_by_hand() -> None:
    ones = [1.0] * 26
    assert cut([*ones, 80_995]).tolist() == [*ones, 8]
    two = cut([*ones, 74_215, 80_995])  # 8 x (26 + L) / 27 = L
    assert two[-2:] == pytest.approx([208 / 19, 208 / 19])
    assert cut([*ones, 100, 1e6])[-2:] == pytest.approx([208 / 19, 208 / 19])
    assert cut([0.0, 80_995.0, 0.0]).tolist() == [0, 80_995, 0]  # nothing to compare it with
    assert cut([1, 1, 500, 500, 500]).tolist() == [1, 1, 500, 500, 500]
    assert cut([*ones, 900.0], [*[False] * 26, True]).tolist() == [*ones, 900]
    assert peak_limits(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros((0, 4)), MULTIPLE).shape == (0,)


def test_periods_that_are_not_counted_say_nothing() -> None:
    units, counted = np.array([[1.0, 500.0, 2.0, 3.0]]), np.array([[1, 0, 1, 1]])
    assert peak_limits(units, counted, np.zeros((1, 4)), MULTIPLE).tolist() == [np.inf]


@given(units=UNITS, interval=st.integers(1, 60))
def test_the_largest_stretch_is_that_of_all_of_them(units: list[float], interval: int) -> None:
    observed = np.ones((1, len(units)), bool)
    starts = range(max(len(units) - interval, 0) + 1)
    most = max(sum(units[start : start + interval]) for start in starts)
    found = largest_stretch([units], observed, [interval])[0]
    assert found == pytest.approx(most * max(interval / len(units), 1))


def test_a_short_history_goes_on_as_it_began() -> None:
    units, observed = [[0.0, 0.0, 4.0, 6.0]], [[False, False, True, True]]
    assert largest_stretch(units, observed, [6])[0] == 30
    assert largest_stretch(units, observed, [1])[0] == 6
