"""Which series new rows touch, against brute force."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.calendar import Calendar, days_seen
from components.example_generation.contract import SALES
from components.example_generation.options import DataOptions
from contracts.columns import MINIMUM_ORDER_VALUE, SUPPLIER
from pipeline.orders.changes.touched import (
    AllAnew,
    of_same_orders,
    of_stores,
    stores_apart,
    with_followers,
)

STORES, PRODUCTS = ("A", "B"), tuple("pqrstu")
SERIES = [(store, product) for store in STORES for product in PRODUCTS]


def table(pairs: list[tuple[str, str]]) -> pa.Table:
    return pa.table(
        {
            "store_id": pa.array([store for store, _ in pairs], pa.string()),
            "product_id": pa.array([product for _, product in pairs], pa.string()),
        }
    )


def pairs(series: pa.Table) -> set[tuple[str, str]]:
    return set(zip(series["store_id"].to_pylist(), series["product_id"].to_pylist(), strict=True))


@given(
    st.dictionaries(st.sampled_from(PRODUCTS), st.sampled_from(PRODUCTS)),
    st.dictionaries(st.sampled_from(PRODUCTS), st.sampled_from(PRODUCTS)),
    st.sets(st.sampled_from(SERIES)),
)
def test_whoever_lends_or_is_lent_to_is_touched_in_the_same_store(
    everywhere: dict[str, str], own: dict[str, str], chosen: set[tuple[str, str]]
) -> None:
    followed = {"": everywhere, "B": everywhere | own}
    expected = set(chosen)
    while True:  # one step along any link of the store, until nothing more is reached
        step = {
            (store, other)
            for store, product in expected
            for after, before in followed["B" if store == "B" else ""].items()
            for other in (after, before)
            if product in (after, before)
        }
        if step <= expected:
            break
        expected |= step
    assert pairs(with_followers(table(sorted(chosen)), table(SERIES), followed)) == expected


@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("NS."), st.booleans(), st.booleans())))
def test_lines_of_an_order_with_a_least_value_are_made_together(
    lines: list[tuple[str, str, bool, bool]],
) -> None:
    scored = pa.table(
        {
            "store_id": pa.array([store for store, *_ in lines], pa.string()),
            SUPPLIER: pa.array([None if one == "." else one for _, one, *_ in lines], pa.string()),
            MINIMUM_ORDER_VALUE: pa.array([10.0 if least else None for *_, least, _ in lines], pa.float64()),
        }
    )
    again = np.array([one for *_, one in lines], dtype=bool)
    expected = [
        one
        or (
            supplier != "."
            and least
            and any(other[:2] == (store, supplier) and other[2] and other[3] for other in lines)
        )
        for store, supplier, least, one in lines
    ]
    assert of_same_orders(scored, again).tolist() == expected


def calendar(sold: dict[tuple[str, int], int]) -> Calendar:
    """Of units by store and date."""
    rows = pa.table(
        {
            "store_id": pa.array([store for store, _ in sold], pa.string()).dictionary_encode(),
            "date": pa.array([day for _, day in sold], pa.int32()),
            "units_sold": pa.array(list(sold.values()), pa.float64()),
        }
    )
    return Calendar.of([{SALES: [days_seen(rows)]}], DataOptions(), None)


DAYS = {(store, day): 3 for store in STORES for day in range(100)}


def test_a_store_that_tells_of_another_date_is_touched_as_a_whole_and_no_other() -> None:
    late = {key: units for key, units in DAYS.items() if key != ("B", 99)}
    apart = stores_apart(calendar(late), calendar(DAYS))
    assert apart.to_pylist() == ["B"]
    assert pairs(of_stores(table(SERIES), apart)) == {pair for pair in SERIES if pair[0] == "B"}
    assert len(stores_apart(calendar(DAYS), calendar(DAYS | {("A", 99): 5}))) == 0


def test_a_store_that_is_open_on_other_days_is_touched() -> None:
    closed = {key: 0 if key[0] == "A" and key[1] % 7 == 2 else units for key, units in DAYS.items()}
    once = closed | {("A", 93): 4}
    assert stores_apart(calendar(closed), calendar(once)).to_pylist() == ["A"]


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (DAYS | {("A", 100): 1}, "newest date of the sales is now 1970-04-11"),
        (DAYS | {("C", 99): 1}, "a store sells for the first time"),
        (DAYS | {("A", -1): 1}, "first date"),
    ],
)
def test_what_moves_all_dates_touches_all(after: dict[tuple[str, int], int], says: str) -> None:
    with pytest.raises(AllAnew, match=says):
        stores_apart(calendar(DAYS), calendar(after))
