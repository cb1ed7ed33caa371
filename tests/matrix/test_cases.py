"""The cases cover what they claim to, and are written as they are made."""

from __future__ import annotations

from itertools import combinations, product

import pandas as pd
import pytest

from tests.matrix.cases import FACTORS, excluded, first, from_text, pairwise, to_text
from tests.matrix.retailer import make


def test_any_two_levels_of_any_two_factors_meet() -> None:
    cases = pairwise()
    assert not [case for case in cases if excluded(case)]
    missing = [
        pair
        for one, other in combinations(FACTORS, 2)
        for pair in product([one], FACTORS[one], [other], FACTORS[other])
        if not excluded({pair[0]: pair[1], pair[2]: pair[3]})
        and not any(case[pair[0]] == pair[1] and case[pair[2]] == pair[3] for case in cases)
    ]
    assert missing == []


def test_a_case_is_found_again_by_its_text() -> None:
    cases = first(200, seed=3)
    assert [from_text(to_text(case)) for case in cases] == cases
    assert cases == first(200, seed=3) != first(200, seed=4)
    assert first(99)[: len(pairwise())] == list(pairwise())


@pytest.mark.parametrize("text", ["frequency=M", "windows", "colour=red", "frequency=W sundays=closed"])
def test_a_text_that_is_no_case(text: str) -> None:
    with pytest.raises(ValueError, match=r"levels are|is excluded"):
        from_text(text)


@pytest.mark.parametrize("case", pairwise(), ids=lambda case: case["seed"])
def test_a_retailer_is_what_its_case_says(case: dict[str, str]) -> None:
    made = make(case)
    sales = made.sales
    assert len(made.series) == (2 if case["stores"] == "several" else 1) * (
        2 if case["items"] == "several" else 1
    )
    for column in ("unit_price", "discount", "on_promotion", "in_stock"):
        if case[column] == "absent":
            assert column not in sales
        else:
            newest = sales.date > sales.date.max() - pd.Timedelta(days=7)
            assert sales[column].isna().all() == (case[column] == "empty")
            assert sales[column][newest].isna().all() == (case[column] != "present")
    assert ("planned_prices" in made.frames) == (
        case["planned"] in ("prices", "promotions")
        or (case["planned"] == "none" and int(case["seed"]) % 2 == 1)
    )
    assert ("suppliers" in made.frames) == (case["suppliers"] != "none")
    assert ("inventory_levels" in made.frames) == (case["inventory"] != "none")
    assert sales.duplicated(["date", "store_id", "product_id"]).any() == (case["duplicates"] == "sum")
    assert (sales.date.dt.dayofweek == 6).any() <= (case["sundays"] == "open")
    assert ("store_calendar" in made.frames) == (case["sundays"] == "calendar")
    assert {date.dayofweek for _, date in made.closed} <= ({6} if case["sundays"] != "open" else set())
    if case["sundays"] == "closed" and (case["history"], case["rows"]) == ("ample", "dense"):
        assert made.closed
