"""Splits by date, for any lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.windowing.options import WindowOptions
from components.windowing.splits import SPLITS, cutoff_of_test, origins, refit_origins, split_borders


@st.composite
def options(draw: st.DrawFn) -> WindowOptions:
    horizon = draw(st.integers(1, 20))
    history = draw(st.integers(1, 60))
    return WindowOptions(
        history=history,
        horizon=horizon,
        test_periods=horizon + draw(st.integers(0, 30)),
        eval_periods=horizon + draw(st.integers(0, 30)),
        train_stride=draw(st.integers(1, 9)),
        eval_stride=draw(st.integers(1, 9)),
        newest_stride=draw(st.integers(1, 9)),
        minimum_history=draw(st.integers(1, history)),
    )


@given(options(), st.integers(1, 400), st.sampled_from([1, 7]))
def test_no_label_window_crosses_a_border(chosen: WindowOptions, periods: int, days: int) -> None:
    first, last = 19_000, 19_000 + (periods - 1) * days
    labels = {}
    for split in SPLITS:
        found = origins(split, first, last, chosen, days)
        assert (np.diff(found) > 0).all()
        assert ((found - last) % days == 0).all()
        assert (found >= first + (chosen.minimum_history - 1) * days).all()
        labels[split] = {int(o) + days * step for o in found for step in range(1, chosen.horizon + 1)}
    assert not labels["train"] & labels["eval"]
    assert not labels["eval"] & labels["test"]
    assert not labels["train"] & labels["test"]
    assert all(date <= last for dates in labels.values() for date in dates)
    for earlier, later in (("train", "eval"), ("eval", "test")):
        if labels[earlier] and labels[later]:
            assert max(labels[earlier]) < min(labels[later])


@given(options(), st.sampled_from([1, 7]))
def test_the_newest_label_window_ends_at_the_border(chosen: WindowOptions, days: int) -> None:
    first, last = 10_000, 10_000 + 500 * days
    for split in SPLITS:
        until = split_borders(last, chosen, days)[split][1]
        assert origins(split, first, last, chosen, days)[-1] + chosen.horizon * days == until


@given(options(), st.sampled_from([1, 7]))
def test_the_refit_split_is_what_train_leaves_out(chosen: WindowOptions, days: int) -> None:
    first, last = 10_000, 10_000 + 500 * days
    found = refit_origins(last, chosen, days)
    assert found[-1] == cutoff_of_test(last, chosen, days) - days
    assert (np.diff(found) == chosen.newest_stride * days).all()
    newest_of_train = origins("train", first, last, chosen, days)[-1]
    assert newest_of_train < found[0] <= newest_of_train + chosen.newest_stride * days


def test_the_splits_of_ninety_days() -> None:
    chosen = WindowOptions(
        history=28,
        horizon=7,
        test_periods=7,
        eval_periods=7,
        train_stride=1,
        eval_stride=1,
        newest_stride=3,
        minimum_history=14,
    )
    assert origins("test", 0, 89, chosen, 1).tolist() == [82]
    assert origins("eval", 0, 89, chosen, 1).tolist() == [75]
    assert origins("train", 0, 89, chosen, 1).tolist() == list(range(13, 69))
    assert refit_origins(89, chosen, 1).tolist() == [69, 72, 75, 78, 81]


def test_too_little_data_gives_no_origin() -> None:
    assert origins("train", 0, 20, WindowOptions(), 1).size == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"test_periods": 3}, "test_periods must hold"),
        ({"eval_periods": 3}, "eval_periods must hold"),
        ({"minimum_history": 99}, "minimum_history cannot exceed history"),
        ({"volume_classes": (5.0, 1.0)}, "two rising numbers"),
        ({"histroy": 3}, "Extra inputs"),
    ],
)
def test_impossible_options_are_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        WindowOptions.model_validate(setting)
