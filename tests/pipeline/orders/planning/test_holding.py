"""What is out of proportion waits for a person; what packs and minima ask for does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UserError
from pipeline.orders.planning.holding import Accepted, held_first, hold_back, is_held_back, names
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.overrides import NO_OVERRIDES, apply_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import FRAME, scored

BULK: dict[str, list[float | None]] = {
    "base_stock_level": [809_950.0],
    "model_level": [None],
    "mean": [80_995.0],
    "sold": [84_115.0],
}


def held(
    series: pa.Table,
    *words: str,
    options: PlanOptions | None = None,
    overrides: dict[str, float] | None = None,
) -> list[dict[str, Any]]:
    """The lines of a plan, by product."""
    options = options or PlanOptions()
    position = stock_position(series, no_orders(), FRAME, options)
    lines = order_lines(series, mean_demand(series, FRAME), position, FRAME, options)
    rows = NO_OVERRIDES.rows
    if overrides is not None:
        count = len(overrides)
        texts = {
            "store_id": ["S"] * count,
            "product_id": list(overrides),
            "reason": ["r"] * count,
            "by": ["b"] * count,
        }
        rows = pa.table(
            {**texts, "quantity": list(overrides.values()), "until": pa.array([None] * count, pa.date32())}
        )
    lines = apply_overrides(lines, rows)
    found = hold_back(lines, series, FRAME, options, Accepted(words, "jo" if words else ""))
    assert found.column_names == [*lines.column_names, "held", "accepted_by"]
    return list(found.to_pylist())


def with_one(**columns: Sequence[Any]) -> pa.Table:
    """Three usual series, and P0 with other columns."""
    usual = scored(3)
    return scored(3, **{name: [*values, *usual[name].to_pylist()[1:]] for name, values in columns.items()})


def test_an_order_in_proportion_is_not_held() -> None:
    for line in held(scored(3)):
        assert (line["held"], line["accepted_by"], line["order_quantity"]) == (None, None, 16)


def test_an_order_out_of_proportion_is_not_ordered_and_the_proposal_still_adds_up() -> None:
    line = held(with_one(**BULK))[0]
    assert line["held"] == (
        "would order 809,945; in the last 28 days 84,115 were sold, without lone peaks at most 24 in 9 days"
    )
    assert (line["order_quantity"], line["replenishment_quantity"]) == (0, 809_945)
    made_up = line["expected_demand"] + line["safety_stock"] - line["on_hand"] - line["on_order"]
    assert made_up + line["rounding_adjustment"] == line["replenishment_quantity"]


def test_it_is_ordered_once_someone_accepts_it_or_gives_a_quantity() -> None:
    for word in ("S:P0", "all"):
        line = held(with_one(**BULK), word)[0]
        assert (line["order_quantity"], line["accepted_by"]) == (809_945, "jo")
        assert line["held"].startswith("would order 809,945")
    other = held(with_one(**BULK), "S:P1")
    assert [line["order_quantity"] for line in other] == [0, 16, 16]
    assert [line["accepted_by"] for line in other] == [None, None, None]
    line = held(with_one(**BULK), overrides={"P0": 40.0})[0]
    assert (line["order_quantity"], line["accepted_by"]) == (40, None)


def test_the_smallest_order_is_never_too_large_while_it_does_not_last_for_years() -> None:
    slow = {
        "mean": [0.1],
        "peak": [1.0],
        "stretch": [1.0],
        "sold": [1.0],
        "model_level": [2.0],
        "on_hand": [0.0],
    }
    assert held(with_one(**slow, pack_size=[18.0]))[0]["order_quantity"] == 18  # 180 days
    assert held(with_one(**slow, minimum_order_quantity=[18.0]))[0]["order_quantity"] == 18
    mistyped = held(with_one(**slow, pack_size=[24.0]))[0]
    assert (mistyped["order_quantity"], mistyped["replenishment_quantity"]) == (0, 24)
    longer = PlanOptions(cover_days=250)
    assert held(with_one(**slow, pack_size=[24.0]), options=longer)[0]["order_quantity"] == 24


def test_what_another_product_sells_in_a_day_is_no_large_order() -> None:
    slow = {"mean": [0.01, 9.0], "peak": [1.0, 24.0], "stretch": [1.0, 90.0], "model_level": [2.0, 9.0]}
    series = scored(2, **slow, on_hand=[0.0, 9.0], pack_size=[24.0, 1.0])
    assert held(series)[0]["order_quantity"] == 24
    assert held(series.set_column(series.column_names.index("peak"), "peak", pa.array([1.0, 23.0])))[0][
        "held"
    ]


def test_a_bulk_sale_that_is_all_there_ever_was_is_held() -> None:
    lone: dict[str, list[float]] = {
        "history": [1],
        "selling": [1],
        "peak": [80_995.0],
        "stretch": [728_955.0],
        "mean": [80_995.0],
    }
    lone |= {"sold": [80_995.0], "base_stock_level": [728_955.0]}
    line = held(with_one(**lone))[0]
    assert line["order_quantity"] == 0
    assert line["held"].endswith("80,995 were sold, all in one day, and of nothing else more than 6 in a day")
    small = {**lone, "peak": [3.0], "stretch": [27.0], "mean": [3.0], "base_stock_level": [27.0]}
    assert held(with_one(**small))[0]["order_quantity"] == 22
    alone = scored(1, **(lone | {"selling": [2]}))
    assert (
        held(alone)[0]["order_quantity"] > 0
    )  # what was sold twice, or is all there is, sets its own proportion


def test_a_whole_plan_out_of_proportion_is_held() -> None:
    series = scored(4, model_level=[95.0] * 4)  # 90 of each where 24 were sold at most
    lines = held(series)
    assert [line["order_quantity"] for line in lines] == [0] * 4
    assert (
        lines[0]["held"].startswith("the whole plan would order 360; ") and "at most 96" in lines[0]["held"]
    )
    accepted = held(series, "all")
    assert [line["order_quantity"] for line in accepted] == [90] * 4
    assert [(line["held"], line["accepted_by"]) for line in accepted] == [(lines[0]["held"], "jo")] * 4
    assert [line["order_quantity"] for line in held(series, options=PlanOptions(plan_limit=4))] == [90] * 4
    # One line of many does not make the plan so.
    assert [line["order_quantity"] for line in held(with_one(model_level=[95.0]))] == [90, 16, 16]


def test_what_has_no_history_is_not_judged_by_it() -> None:
    names_of = ("history", "sold", "selling", "peak", "stretch", "mean", "quantiles")
    unknown: dict[str, list[None]] = {name: [None] for name in names_of}
    lines = held(with_one(**unknown, model_level=[None], base_stock_level=[None]))
    assert [line["held"] for line in lines] == [None] * 3


def test_held_lines_come_first_the_largest_at_the_top() -> None:
    series = scored(4, base_stock_level=[22.0, 9_000.0, 22.0, 90_000.0], model_level=[21.0, None, 21.0, None])
    position = stock_position(series, no_orders(), FRAME, PlanOptions())
    lines = apply_overrides(
        order_lines(series, mean_demand(series, FRAME), position, FRAME, PlanOptions()), NO_OVERRIDES.rows
    )
    found = held_first(hold_back(lines, series, FRAME, PlanOptions(), Accepted()))
    assert found["product_id"].to_pylist() == ["P3", "P1", "P0", "P2"]
    assert is_held_back(found).to_pylist() == [True, True, False, False]


def test_a_word_that_names_nothing_is_an_error() -> None:
    lines = ["S:P0", "S:P1"]
    Accepted(("S:P1", "drift", "all")).check(lines, ["drift"])
    with pytest.raises(UserError, match=r"--accept S:P9: names neither a line .*S:P0, S:P1.*drift"):
        Accepted(("S:P0", "S:P9"), "jo").check(lines, ["drift"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1e9), st.floats(0, 1e4), st.sampled_from([1.0, 6.0, 0.1])),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_is_ordered_beyond_the_limits_unless_someone_says_so(
    series: list[tuple[float, float, float]],
) -> None:
    level, stretch, pack = (list(values) for values in zip(*series, strict=True))
    table = scored(
        len(series), base_stock_level=level, model_level=[None] * len(series), stretch=stretch, pack_size=pack
    )
    lines = held(table)
    for line, most, size in zip(lines, stretch, pack, strict=True):
        assert line["order_quantity"] in (0, line["replenishment_quantity"])
        assert line["order_quantity"] <= max(4 * most, size)
        assert (line["held"] is None) == (line["order_quantity"] == line["replenishment_quantity"])
    accepted = held(table, "all")
    assert [x["order_quantity"] for x in accepted] == [x["replenishment_quantity"] for x in lines]
    assert names(pa.Table.from_pylist(lines)) == [f"S:P{i}" for i in range(len(series))]
    assert (
        pc.sum(pa.array([x["order_quantity"] for x in lines])).as_py()
        <= 2.5 * sum(map(max, stretch, pack)) + 1e-6
    )
