"""What must hold of order lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.matrix.checking import KEY, check, lines_of
from tests.matrix.retailer import LEAST, LIFE, ORDER_DAYS, REVIEW, SHELF
from tests.matrix.way import Way


@check
def each_series_has_one_line_that_adds_up(way: Way) -> None:
    lines = lines_of(way)
    assert sorted(zip(lines.store_id, lines.product_id, strict=True)) == way.made.series, lines[KEY]
    numbers = lines[[
        "expected_demand", "safety_stock", "on_hand", "on_order", "rounding_adjustment", "replenishment_quantity",
    ]]  # fmt: skip
    assert np.isfinite(numbers.to_numpy(float)).all(), numbers
    demand, safety, on_hand, on_order, rounding, quantity = numbers.to_numpy(float).T
    assert np.allclose(demand + safety - on_hand - on_order + rounding, quantity, atol=1e-6), numbers
    assert (quantity >= 0).all() and (demand >= 0).all(), numbers


@check
def orders_are_whole_packs_within_their_limits(way: Way) -> None:
    products = way.made.attributes
    if products is None or products.pack_size.isna().all():
        return
    ordered = lines_of(way).merge(products, on=KEY)
    ordered = ordered[ordered.replenishment_quantity > 0]
    # The quotients of decimals as they are printed are whole to within what a float of that size can say.
    packs = ordered.replenishment_quantity / ordered.pack_size
    assert np.allclose(packs, packs.round(), atol=1e-9, rtol=1e-12), ordered
    assert (ordered.replenishment_quantity >= ordered.minimum_order_quantity - 1e-9).all(), ordered


@check
def orders_are_for_the_shelf_that_they_go_to(way: Way) -> None:
    lines, products = lines_of(way), way.made.attributes
    said = lines.reason.fillna("")
    kept = said.str.contains("with a presentation stock of 4;")
    full = said.str.contains(f"no more than the shelf holds, {SHELF}, of which")
    if way.made.case["shelf"] in ("any", "keeps") or products is None:
        assert not kept.any() and not full.any(), said
        return
    wanted = lines.merge(products, on=KEY, how="left").presentation_stock == 4
    assert (kept == (wanted & (lines.method != "none") & ~_sold_for_a_time(lines))).all(), said
    if way.made.case["shelf"] == "holds":
        assert (lines.replenishment_quantity <= SHELF).all(), lines
    else:
        assert not full.any(), said


@check
def orders_are_for_as_long_as_they_keep(way: Way) -> None:
    lines, products = lines_of(way), way.made.attributes
    said = lines.reason.fillna("").str.contains(f"shelf life of {LIFE} periods")
    expires = pd.Series(False, index=lines.index)
    if way.made.case["shelf"] == "keeps" and products is not None:
        expires = lines.merge(products, on=KEY, how="left").shelf_life.notna()
    assert not (said & ~expires).any(), lines.reason
    forecast = expires & (lines.method == "forecast_plan") & (lines.replenishment_quantity > 0)
    assert said[forecast].all(), lines.reason
    assert (lines.expected_waste[~expires].fillna(0) == 0).all(), lines
    assert (lines.expected_waste.fillna(0) >= 0).all(), lines


def _sold_for_a_time(lines: pd.DataFrame) -> pd.Series:
    return lines.reason.fillna("").str.contains(" until ")


@check
def what_is_delisted_is_not_ordered_and_says_so(way: Way) -> None:
    lines = lines_of(way)
    delisted = lines.reason.fillna("").str.contains("delisted")
    products = way.made.attributes
    if products is None or "active_until" not in products:
        assert not delisted.any(), lines[delisted]
        return
    ends = lines.merge(products, on=KEY, how="left").active_until
    assert (delisted == (ends < pd.to_datetime(lines.arrival))).all(), lines[[*KEY, "reason"]]
    assert (lines.replenishment_quantity[delisted] == 0).all(), lines[delisted]


@check
def arrivals_follow_the_lead_times(way: Way) -> None:
    lines = lines_of(way)
    periods = (pd.to_datetime(lines.arrival) - way.made.sales.date.max()) / way.made.period
    review = np.where(_of_supplier(way, lines), _until_next(way), REVIEW[way.made.case["frequency"]])
    assert ((periods - 1 + review) == lines.protection_interval).all(), lines[
        ["arrival", "protection_interval"]
    ]


@check
def on_other_days_than_its_suppliers_a_product_is_not_ordered(way: Way) -> None:
    lines = lines_of(way)
    said = lines.reason.fillna("").str.contains("no order day of Nord & Süd, which takes the next order on ")
    today = way.made.sales.date.max().dayofweek in ORDER_DAYS
    # What is delisted is not ordered on any day.
    gone = lines.reason.fillna("").str.contains("delisted")
    assert (said == (_of_supplier(way, lines) & (not today) & ~gone)).all(), lines.reason
    assert (lines.replenishment_quantity[said] == 0).all(), lines


@check
def no_order_is_worth_less_than_its_supplier_takes(way: Way) -> None:
    lines = lines_of(way)
    said = lines.reason.fillna("").str.contains("the order of Nord & Süd comes to ")
    products = way.made.attributes
    if way.made.case["suppliers"] != "least_orders" or products is None:
        assert not said.any(), lines.reason
        return
    orders = lines.merge(products, on=KEY, how="left")
    orders = orders[orders.supplier.notna() & (orders.replenishment_quantity > 0)]
    value = (orders.replenishment_quantity * orders.unit_cost).groupby(orders.store_id).sum()
    stuck = orders.reason.str.contains("cannot be raised to it").groupby(orders.store_id).all()
    assert ((value >= LEAST - 1e-6) | stuck).all(), orders


def _of_supplier(way: Way, lines: pd.DataFrame) -> pd.Series:
    """Which lines are of a supplier with order days."""
    bound = way.made.case["suppliers"] == "order_days" and way.made.case["frequency"] == "D"
    products = way.made.attributes
    if products is None or not bound:
        return pd.Series(False, index=lines.index)
    return lines.merge(products, on=KEY, how="left").supplier.notna()


def _until_next(way: Way) -> int:
    last = way.made.sales.date.max()
    return next(n for n in range(1, 8) if (last + pd.Timedelta(days=n)).dayofweek in ORDER_DAYS)
