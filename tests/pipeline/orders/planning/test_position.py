"""The stock at the plan's date against a ledger that is kept event by event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.orders.planning.position import no_orders, stale_stock, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, earlier_orders, scored

OPTIONS = PlanOptions(stale_periods=7)
UNITS = st.integers(0, 60).map(float)
DAY = st.integers(AS_OF - 20, AS_OF)


def expected_by_day(
    deliveries: list[tuple[int, float]], before: list[tuple[int, float]], told: bool
) -> list[tuple[int, float]]:
    """Day and units of what is on its way; the first delivery is what the file tells of, where it does."""
    found = [delivery for delivery in deliveries[int(told) :] if delivery[0] > AS_OF]
    if told and deliveries[0][0] > AS_OF:
        # Of what the file tells of, plans have ordered some; the rest was ordered at the review before.
        day, quantity = deliveries[0]
        known = sum(units for _, units in before)
        share = min(quantity / known, 1.0) if known else 0.0
        found += [(arrival, units * share) for arrival, units in before]
        found.append((max(day - FRAME.review_period, AS_OF + 1), quantity - known * share))
    return found


def ledger(
    series: dict[str, Any], orders: list[tuple[int, int, float]]
) -> tuple[float, float, dict[int, float]]:
    """Units on hand, on order, and of these by the day of arrival, as a clerk would tell them."""
    fresh = AS_OF - OPTIONS.stale_periods
    counted = series["on_hand"] is not None and series["stock_date"] > fresh
    orders_counted = series["on_order"] is not None and series["order_date"] > fresh
    deliveries, before = [], []
    if orders_counted:
        deliveries.append((series["order_date"] + series["lead_time"] + 1, series["on_order"]))
    for placed, arrival, quantity in orders:
        if placed < AS_OF and (not orders_counted or placed >= series["order_date"]):
            deliveries.append((arrival, quantity))
        elif placed < AS_OF and arrival > AS_OF:
            before.append((arrival, quantity))
    coming = sum(quantity for day, quantity in deliveries if day > AS_OF)
    arriving: dict[int, float] = {}
    for day, quantity in expected_by_day(deliveries, before, bool(orders_counted)):
        # What comes beyond the horizon is told together.
        day = min(day, AS_OF + 1 + FRAME.horizon)
        arriving[day] = arriving.get(day, 0.0) + quantity
    if not counted:
        return 0.0, coming, arriving
    came = sum(quantity for day, quantity in deliveries if series["stock_date"] < day <= AS_OF)
    return max(series["on_hand"] - series["sold_since"] + came, 0.0), coming, arriving


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "on_hand": st.one_of(st.none(), UNITS),
            "stock_date": DAY,
            "on_order": st.one_of(st.none(), UNITS),
            "order_date": DAY,
            "sold_since": UNITS,
            "lead_time": st.integers(0, 12),
        }
    ),
    st.lists(st.tuples(DAY, st.integers(1, 9), UNITS), max_size=4),
)
def test_the_stock_is_that_of_a_ledger(series: dict[str, Any], placed: list[tuple[int, int, float]]) -> None:
    orders = [(day, day + later, quantity) for day, later, quantity in placed]
    table = earlier_orders(*(("S", "P0", *order) for order in orders)) if orders else no_orders()
    found = stock_position(scored(**{k: [v] for k, v in series.items()}), table, FRAME, OPTIONS)
    on_hand, on_order, arriving = ledger(series, orders)
    assert (found.on_hand[0], found.on_order[0]) == pytest.approx((on_hand, on_order))
    by_day = {AS_OF + 1 + int(k): units for k, units in enumerate(found.arriving[0].tolist()) if units}
    assert by_day == pytest.approx({day: units for day, units in arriving.items() if units > 1e-6}, abs=1e-5)


@pytest.mark.parametrize(
    ("columns", "on_hand", "on_order", "note"),
    [
        # Counted on Friday, planned on Monday.
        ({"stock_date": AS_OF - 3, "on_hand": 75, "sold_since": 27}, 48, 0, "stock of 2024-10-01, less 27 sold since"),
        ({"stock_date": AS_OF - 3, "on_hand": 5, "sold_since": 9}, 0, 0, "stock of 2024-10-01, less 9 sold since"),
        # What was on order four days ago has come after a lead time of two days, but not after five.
        (
            {"stock_date": AS_OF - 4, "order_date": AS_OF - 4, "on_order": 24, "sold_since": 6},
            23,
            0,
            "stock of 2024-09-30, less 6 sold since, plus 24 arrived since",
        ),
        (
            {"stock_date": AS_OF - 4, "order_date": AS_OF - 4, "on_order": 24, "sold_since": 6, "lead_time": 5},
            0,
            24,
            "stock of 2024-09-30, less 6 sold since",
        ),
        # What came before the stock was counted is in it.
        ({"order_date": AS_OF - 5, "on_order": 24}, 5, 0, ""),
        # A feed that stopped.
        (
            {"stock_date": AS_OF - 99, "order_date": AS_OF - 99, "on_order": 96, "lead_time": 200},
            0,
            0,
            "stock unknown, taken as 0 (the newest is of 2024-06-27)",
        ),
        ({"on_hand": None, "stock_date": None, "on_order": 8}, 0, 8, "stock unknown, taken as 0"),
    ],
)  # fmt: skip
def test_what_a_line_says_of_its_stock(
    columns: dict[str, Any], on_hand: float, on_order: float, note: str
) -> None:
    series = scored(**{k: [v] for k, v in columns.items()})
    found = stock_position(series, no_orders(), FRAME, OPTIONS)
    assert (found.on_hand[0], found.on_order[0], found.notes[0]) == (on_hand, on_order, note)


def test_a_stock_file_that_stopped_is_told_once_with_its_age() -> None:
    note = stale_stock(scored(3, stock_date=[AS_OF - 99, AS_OF, AS_OF - 120]), FRAME, OPTIONS)
    assert note.startswith("the stock of 2 of 3 series is 99 days old or older (such as S P0, of 2024-06-27)")
    assert stale_stock(scored(3, stock_date=[AS_OF - 6, AS_OF, None]), FRAME, OPTIONS) == ""


def test_an_order_arrives_in_the_week_of_its_day() -> None:
    frame = replace(FRAME, period_days=7)
    orders = earlier_orders(("S", "P0", AS_OF - 7, AS_OF + 7, 6.0), ("S", "P0", AS_OF - 7, AS_OF + 8, 9.0))
    found = stock_position(scored(on_order=[None]), orders, frame, OPTIONS)
    assert found.arriving.tolist() == [[6.0, 9.0] + [0.0] * (FRAME.horizon - 1)]


def test_an_order_of_another_series_is_not_counted() -> None:
    orders = earlier_orders(("S", "P1", AS_OF - 1, AS_OF + 1, 6.0), ("S", "P9", AS_OF - 1, AS_OF + 1, 9.0))
    found = stock_position(scored(2, on_order=[None, None]), orders, FRAME, OPTIONS)
    assert found.on_order.tolist() == [0.0, 6.0]


def test_what_the_file_tells_of_arrives_as_the_plans_said_that_ordered_it() -> None:
    """Of 9 on order 4 were ordered by a plan for the day after tomorrow; the rest by the review before."""
    series = scored(lead_time=[9.0], on_order=[9.0])
    orders = earlier_orders(("S", "P0", AS_OF - 7, AS_OF + 2, 4.0))
    found = stock_position(series, orders, FRAME, PlanOptions())
    expected = np.zeros(FRAME.horizon + 1)
    expected[1], expected[2] = 4.0, 5.0
    np.testing.assert_allclose(found.arriving[0], expected)
    assert found.on_order[0] == 9.0
    # More than the file tells of cannot be on its way.
    less = stock_position(scored(lead_time=[9.0], on_order=[3.0]), orders, FRAME, PlanOptions())
    assert less.arriving[0, 1] == 3.0 and less.on_order[0] == 3.0
