"""Too little data is told with what is there, what is needed, and settings that really do."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.windowing.options import WindowOptions
from components.windowing.splits import SPLITS, origins
from components.windowing.sufficiency import Extent, check_sufficient, counted, settings_for
from contracts.errors import DataRejected

OPTIONS = WindowOptions(
    history=28, horizon=10, test_periods=20, eval_periods=20, minimum_history=14, review_period=3
)
ENOUGH = dict.fromkeys(SPLITS, 5) | {
    f"{split} {what}": 3 for split in SPLITS for what in ("observed periods", "known intervals")
}


def refused(counts: dict[str, int], extent: Extent, options: WindowOptions = OPTIONS) -> str:
    with pytest.raises(DataRejected) as found:
        check_sufficient(counts, extent, options)
    return str(found.value)


@given(
    st.integers(1, 400),
    st.integers(1, 60),
    st.integers(1, 20),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 60),
    st.sampled_from([1, 7]),
)
def test_the_settings_that_are_proposed_leave_a_window_in_each_split(
    periods: int, horizon: int, review: int, test: int, evaluation: int, minimum: int, days: int
) -> None:
    options = WindowOptions(
        history=minimum,
        horizon=horizon,
        review_period=review,
        test_periods=horizon + test,
        eval_periods=horizon + evaluation,
        minimum_history=minimum,
    )
    proposed = settings_for(periods, options)
    if not proposed:
        return
    changed = WindowOptions.model_validate(options.model_dump() | proposed)
    last = 20_000
    first = last - (periods - 1) * days
    assert all(len(origins(split, first, last, changed, days)) for split in SPLITS)
    assert changed.horizon >= review


@pytest.mark.parametrize(
    ("periods", "days", "expected"),
    [
        (60, 1, "are 60 days, 64 are needed.*set windows: {test_periods: 10, eval_periods: 10}$"),
        (20, 7, "are 20 weeks.*{horizon: 6, test_periods: 6, eval_periods: 6, minimum_history: 2}; lead.*at most 6"),
        (9, 1, "are 9 days.*Give at least 64 days of data$"),
        (900, 7, "no series lasts for long enough in the 900 weeks.*Give at least 64 weeks of data$"),
    ],
)  # fmt: skip
def test_too_few_periods_are_counted_in_the_datas_own_unit(periods: int, days: int, expected: str) -> None:
    text = refused({"train": 0, "eval": 3, "test": 3}, Extent("2024-01-01", "2024-03-01", periods, days))
    assert re.search(expected, text), text
    assert "split(s) train" in text


def test_a_split_without_stock_is_named_but_for_eval() -> None:
    extent = Extent("2024-01-01", "2024-12-31", 366, 1)
    check_sufficient(ENOUGH, extent, OPTIONS)
    check_sufficient(ENOUGH | {"eval observed periods": 0, "eval known intervals": 0}, extent, OPTIONS)
    assert "windows.test_periods, now 20" in refused(ENOUGH | {"test observed periods": 0}, extent)
    assert "older data" in refused(ENOUGH | {"train observed periods": 0}, extent)


def test_lead_times_beyond_the_horizon_are_told_from_stock_outs() -> None:
    extent = Extent("2024-01-01", "2024-12-31", 53, 7)
    long = ENOUGH | {"train known intervals": 0, "train interval of 12": 7, "train interval of 30": 7}
    text = refused(long, extent)
    assert "is 12 weeks, more than windows.horizon = 10" in text and "windows.horizon to 12" in text
    short = ENOUGH | {"test known intervals": 0, "test interval of 4": 7}
    assert "the test split" in refused(short, extent) and "4 weeks or more" in refused(short, extent)


def test_what_is_counted_is_what_the_windows_hold() -> None:
    windows = {
        "label_observed": np.array([[1, 0, 1], [0, 0, 1]], np.float32),
        "protection_observed": np.array([[1], [0]], np.float32),
        "lead_time": np.array([[2], [5]]),
        "review_period": np.array([[1], [1]]),
    }
    counts: Counter[str] = Counter()
    assert list(counted([windows, windows], "test", counts)) == [windows, windows]
    assert counts == {
        "test observed periods": 6, "test known intervals": 2, "test interval of 3": 2, "test interval of 6": 2,
    }  # fmt: skip
