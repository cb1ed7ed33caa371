"""Products that are sold for a time: day by day in a loop, and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dates import to_date
from contracts.records.planning import Planning
from inventory.base_stock import normal_base_stock_level, quantile_plan_level
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.overrides import apply_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, LEVELS, scored

LEAD, REVIEW = 2, FRAME.review_period
INTERVAL = LEAD + REVIEW
FAR = 400


def season(begin: int | None, end: int | None) -> pa.Table:
    """Products with one row for P0 in store S; first and last day after the plan's date."""
    days = {"active_from": begin, "active_until": end}
    return pa.table(
        {
            "product_id": ["P0"],
            "store_id": ["S"],
            **{name: pa.array([None if n is None else AS_OF + n], pa.int32()) for name, n in days.items()},
        }
    )


def line(products: pa.Table | None, frame: Frame = FRAME, **columns: Any) -> dict[str, Any]:
    series = scored(**{name: [value] for name, value in columns.items()})
    position = stock_position(series, no_orders(), frame, PlanOptions())
    wanted = on_sale(series, mean_demand(series, frame), products, frame)
    return dict(order_lines(*wanted, position, frame, PlanOptions()).to_pylist()[0])


DAY = st.none() | st.integers(-FAR, FAR) | st.integers(-3, 90)


@given(st.tuples(DAY, DAY), st.sampled_from([1, 7]), st.integers(0, 9), st.booleans())
def test_demand_counts_in_the_periods_of_which_a_day_is_sold(
    days: tuple[int | None, int | None], period_days: int, lead: int, short: bool
) -> None:
    begin, end = days
    if begin is not None and end is not None and end < begin:
        begin, end = end, begin
    frame = replace(FRAME, period_days=period_days)
    interval = lead + REVIEW
    quantiles = np.arange(1.0, 1 + 3 * FRAME.horizon).reshape(FRAME.horizon, 3)
    history = 5 if short else 28  # less than the model needs
    base = float(normal_base_stock_level(2.0, 1.0, interval, 0.9))
    columns = {
        "quantiles": quantiles.ravel(),
        "lead_time": lead,
        "history": history,
        "base_stock_level": base,
    }
    found = line(season(begin, end), frame, **columns)

    def sold(period: int) -> bool:
        of_period = range(period * period_days, (period + 1) * period_days)
        return any((begin is None or day >= begin) and (end is None or day <= end) for day in of_period)

    covered = [period for period in range(1, interval + 1) if sold(period)]
    level = found["expected_demand"] + found["safety_stock"]
    if not any(period > lead for period in covered):
        assert (found["replenishment_quantity"], level, found["method"]) == (0, 0, "none")
        assert "delisted" in found["reason"] or "not sold yet" in found["reason"]
        return
    if len(covered) == interval:
        assert found == line(None, frame, **columns)
        return
    assert f"for {len(covered)} of {interval} periods" in found["reason"]
    if short or interval > FRAME.horizon:
        assert level == pytest.approx(normal_base_stock_level(2.0, 1.0, len(covered), 0.9), abs=1e-3)
        assert found["expected_demand"] == pytest.approx(2.0 * len(covered))
        return
    left = np.array([quantiles[period - 1] for period in covered])[None]
    ratio = 9.0 / (9.0 + frame.review_period * 1.0)
    assert level == pytest.approx(quantile_plan_level(LEVELS, left, len(covered), ratio)[0], abs=1e-3)
    # Of quantiles that lie evenly around the middle one, that is the mean.
    assert found["expected_demand"] == pytest.approx(left[0, :, 1].sum(), rel=0.02)


def test_the_forecast_plan_orders_for_the_periods_on_sale() -> None:
    """As if nothing were asked for in the others."""
    by_forecast = replace(FRAME, planning=Planning(policy="forecast_plan"))
    quantiles = np.arange(1.0, 1 + 3 * FRAME.horizon).reshape(FRAME.horizon, 3)
    found = line(season(None, 5), by_forecast, quantiles=quantiles.ravel(), on_hand=0.0)
    # The sixth period begins a day after the last one on sale.
    only = np.where(np.arange(FRAME.horizon)[:, None] < 5, quantiles, 0.0)
    expected = line(None, by_forecast, quantiles=only.ravel(), on_hand=0.0)
    assert found["replenishment_quantity"] == expected["replenishment_quantity"] > 0
    assert found["expected_demand"] == expected["expected_demand"]
    assert "it is active until" in found["reason"]


def test_closed_days_are_as_many_of_a_part_of_the_interval() -> None:
    base = float(normal_base_stock_level(2.0, 1.0, 7, 0.9))
    found = line(season(None, 3), history=5, base_stock_level=base, open_share=7 / INTERVAL)
    is_open = 3 * 7 / INTERVAL
    level = found["expected_demand"] + found["safety_stock"]
    assert level == pytest.approx(normal_base_stock_level(2.0, 1.0, is_open, 0.9), abs=1e-3)
    assert found["expected_demand"] == pytest.approx(2.0 * is_open, abs=1e-3)


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (
            None,
            LEAD,
            f"delisted: active until {to_date(AS_OF + 2)}, an order would arrive on {to_date(AS_OF + 3)}",
        ),
        (None, -50, f"delisted: active until {to_date(AS_OF - 50)}, an order"),
        (
            INTERVAL + 5,
            None,
            f"not sold yet: active from {to_date(AS_OF + 14)}, an order of the next review",
        ),
    ],
)
def test_what_is_not_sold_is_not_ordered_and_says_so(begin: int | None, end: int | None, words: str) -> None:
    found = line(season(begin, end))
    assert found["reason"].startswith(words)
    assert (found["replenishment_quantity"], found["on_hand"], found["expected_demand"]) == (0, 5.0, 0)
    assert found["safety_stock"] - found["on_hand"] + found["rounding_adjustment"] == 0


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        (None, 3, f"for 3 of 9 periods, since it is active until {to_date(AS_OF + 3)}"),
        (9, None, f"for 1 of 9 periods, since it is active from {to_date(AS_OF + 9)}"),
        (
            3,
            5,
            f"for 3 of 9 periods, since it is active from {to_date(AS_OF + 3)} until {to_date(AS_OF + 5)}",
        ),
    ],
)
def test_an_order_is_for_the_time_in_which_it_is_sold(begin: int | None, end: int | None, words: str) -> None:
    found, whole = line(season(begin, end)), line(None)
    assert words in found["reason"]
    assert 0 < found["expected_demand"] < whole["expected_demand"]


def test_a_person_may_order_it_all_the_same() -> None:
    series = scored()
    position = stock_position(series, no_orders(), FRAME, PlanOptions())
    wanted = on_sale(series, mean_demand(series, FRAME), season(None, 0), FRAME)
    lines = order_lines(*wanted, position, FRAME, PlanOptions())
    chosen = pa.table(
        {
            "store_id": ["S"],
            "product_id": ["P0"],
            "quantity": [12.0],
            "reason": ["the last pallet"],
            "by": ["Ada"],
            "until": pa.array([None], pa.date32()),
        }
    )
    (found,) = apply_overrides(lines, chosen).to_pylist()
    assert (found["replenishment_quantity"], found["order_quantity"]) == (0, 12.0)
    assert "delisted" in found["reason"] and found["override_reason"] == "the last pallet"


def test_nothing_changes_without_these_columns_or_dates() -> None:
    series = scored(2)
    mean = mean_demand(series, FRAME)
    for products in (None, season(None, None).drop(["active_from", "active_until"])):
        assert on_sale(series, mean, products, FRAME) == (series, mean)
    same, as_much = on_sale(series, mean, season(None, None), FRAME)
    assert same.select(series.column_names).equals(series) and np.array_equal(as_much, mean)
    assert same["off_sale"].null_count == same["partly"].null_count == 2


def test_dates_are_those_of_the_store() -> None:
    series = scored(2, store_id=["S", "T"], product_id=["P0", "P0"])
    products = pa.table(
        {
            "product_id": ["P0", "P0"],
            "store_id": ["", "T"],
            "active_until": pa.array([AS_OF - 1, AS_OF + FAR], pa.int32()),
        }
    )
    same, _ = on_sale(series, mean_demand(series, FRAME), products, FRAME)
    assert [text is None for text in same["off_sale"].to_pylist()] == [False, True]
    assert to_date(AS_OF) == date(2024, 10, 4)
