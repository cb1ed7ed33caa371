"""Ids that are the same to a person, and those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.checks.spellings import same_ids, told_apart

IDS = {f"{n:03d}" for n in range(1, 13)}


@pytest.mark.parametrize(
    ("strange", "known", "cause"),
    [
        (["1", "2"], ["001", "002"], "lost leading zeros"),
        (["S1", "S12"], ["S01", "S12"], "lost leading zeros"),
        (["berlin"], ["BERLIN", "Köln"], "capital or small letters"),
        (["7.0", "8.0"], ["7", "8"], "numbers written with decimals"),
        (["7,00"], ["7"], "numbers written with decimals"),
        (["A\u00a0", "B\u200b"], ["A", "B"], "blanks or invisible characters"),
        (["Filiale 12"], ["Filiale  12"], "blanks or invisible characters"),
        (["AB-12"], ["AB12"], "hyphens or other signs"),
        (["7.0", "11.0"], ["007", "011"], "numbers written with decimals and lost leading zeros"),
    ],
)
def test_the_cause_is_named_with_both_spellings(strange: list[str], known: list[str], cause: str) -> None:
    found, pairs = same_ids(strange, known)
    assert found == cause
    assert pairs and {a for a, _ in pairs} <= set(strange) and {b for _, b in pairs} <= set(known)


@given(
    st.sets(st.sampled_from(sorted(IDS)), min_size=1),
    st.sampled_from([str.lower, lambda word: word.lstrip("0"), lambda word: f" {word}", lambda word: f"{word}.0"]),
)  # fmt: skip
def test_each_pair_is_the_original(chosen: set[str], change: object) -> None:
    assert callable(change)
    changed = {change(word): word for word in chosen}
    _, pairs = same_ids(set(changed) - IDS, IDS)
    assert pairs == sorted((new, old) for new, old in changed.items() if new not in IDS)


def test_other_ids_have_no_cause_and_both_sides_are_shown() -> None:
    assert same_ids(["4711"], IDS) == ("", [])
    assert told_apart("store_id", ["4711"], IDS, "sales_data") == (
        "1 store_id do not occur in sales_data: '4711'; it has '001', '002', '003', ..."
    )
    assert told_apart("store_id", [], IDS, "sales_data") == ""
