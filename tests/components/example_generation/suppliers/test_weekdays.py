"""Weekdays as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.suppliers.weekdays import weekdays_of, words_of
from contracts.dates import WEEKDAYS


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon Thu", {0, 3}),
        ("monday, THURSDAY", {0, 3}),
        ("mo;th", {0, 3}),
        ("1 4", {0, 3}),
        ("4", {3}),
        ("Mon-Fri", {0, 1, 2, 3, 4}),
        ("Mon - Wed, Sat", {0, 1, 2, 5}),
        ("Sat-Mon", {5, 6, 0}),
        ("Tue/Sun", {1, 6}),
    ],
)
def test_they_are_read(text: str, days: set[int]) -> None:
    assert weekdays_of(text) == sum(1 << day for day in days)


@pytest.mark.parametrize(
    "text", ["daily", "T", "Mon Thx", "8", "0", "14", "Mon-", "Mon-Wed-Fri", "1.5", "-", "Montag"]
)
def test_other_words_are_not(text: str) -> None:
    assert weekdays_of(text) is None


@given(st.sets(st.sampled_from(range(7)), min_size=1), st.data())
def test_any_spelling_is_read_again(days: set[int], data: st.DataObject) -> None:
    words = [WEEKDAYS[day][: data.draw(st.integers(2, 9))] for day in days]
    text = data.draw(st.sampled_from([" ", ",", ", ", ";", " + "])).join(words)
    found = weekdays_of(data.draw(st.sampled_from([text, text.upper(), text.lower()])))
    assert found == sum(1 << day for day in days)
    assert weekdays_of(words_of(found)) == found
