"""What `products` says of each series, with what stands in for it where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.contract import ATTRIBUTES, OF_SUPPLIERS
from components.example_generation.joining.costs import Known, costs_of, median_of_series
from components.example_generation.joining.derived import count_costs
from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.joining.targets import (
    Demand,
    count_targets,
    demand_of_cycles,
    implied_shortage,
    targets_of,
)
from components.example_generation.options import DataOptions
from components.example_generation.report import WITHOUT_PRODUCT, Part
from contracts.arrays import Integers
from contracts.columns import ORDER_WEEKDAYS
from contracts.rows import OPEN, floats, single
from inventory.suppliers.order_days import longest_gap


@dataclass(frozen=True)
class Series:
    """The series of a shard, each [S], whose rows lie one below the other: G in all.

    Attributes:
        stores, products: their names.
        periods: rows of each.
    """

    stores: pa.Array
    products: pa.Array
    periods: Integers

    @property
    def count(self) -> int:
        """S."""
        return int(self.periods.size)

    @property
    def of_rows(self) -> Integers:
        """The series of each row, [G]."""
        return np.repeat(np.arange(self.count), self.periods)

    @property
    def age(self) -> Integers:
        """Periods before the newest row of its series, [G]."""
        of_rows = self.of_rows
        return np.asarray(np.cumsum(self.periods)[of_rows] - 1 - np.arange(of_rows.size))


def product_fallbacks(options: DataOptions) -> dict[str, object]:
    """What stands in for an empty value of `products`, by column; of costs ``costs_of``, and others stay empty."""
    return {
        "category": "",
        "lead_time": options.fallback_lead_time,
        "pack_size": options.pack_size,
        "minimum_order_quantity": options.minimum_order_quantity,
    }


def product_values(
    series: Series,
    sold: Mapping[str, pa.Array],
    table: pa.Table | None,
    options: DataOptions,
    review_period: int,
    part: Part,
) -> dict[str, pa.Array]:
    """The columns of ``ATTRIBUTES`` and ``OF_SUPPLIERS``, [S].

    Args:
        sold: what rows say of the sales, [G]: units_sold, in_stock, and unit_price and open where they are known.
        table: checked rows of products; None: there is no such file.
        review_period: periods between two orders.
        part: of the shard; is added to.
    """
    stand_in = product_fallbacks(options)
    found: dict[str, pa.Array] = {}
    rows = None
    if table is not None:
        rows = StoreRows.of(table, {"store_id": series.stores, "product_id": series.products})
        _count_missing(series, rows, table, part)
    for column in (*ATTRIBUTES, *OF_SUPPLIERS):
        name = column.name
        if rows is not None and name in rows.table.column_names:
            values = rows.values(name)
        elif name in stand_in:
            values = pa.nulls(series.count, pa.string() if column.kind == "text" else column.stored)
        else:
            continue
        if name in stand_in:
            values = values.fill_null(stand_in[name])
        if name == "lead_time":
            values = values.cast(pa.int64())
        found[name] = values
    return found | _costs(series, found, rows, sold, options, review_period, part)


def _count_missing(series: Series, rows: StoreRows, table: pa.Table, part: Part) -> None:
    """Series of products that the file does not have, or has for other stores only."""
    products = series.products
    absent = ~np.asarray(pc.is_in(products, value_set=single(table["product_id"]).dictionary_decode()))
    part.ids[WITHOUT_PRODUCT] = set(products.filter(pa.array(absent)).to_pylist())
    part.counts["series_without_product"] = int(absent.sum())
    elsewhere = np.flatnonzero(~rows.known & ~absent)
    part.counts["series_of_other_stores"] = elsewhere.size
    if elsewhere.size:
        first = int(elsewhere[0])
        part.examples["series_of_other_stores"] = f"{series.stores[first]} {products[first]}"


def _costs(
    series: Series,
    given: Mapping[str, pa.Array],
    rows: StoreRows | None,
    sold: Mapping[str, pa.Array],
    options: DataOptions,
    review_period: int,
    part: Part,
) -> dict[str, pa.Array]:
    """Both costs, [S]: as given or derived, and the shortage cost by the service target where there is one."""
    none = np.full(series.count, np.nan)
    holding, shortage, cost = (
        floats(given[name]) if name in given else none
        for name in ("holding_cost", "shortage_cost", "unit_cost")
    )
    price = none
    # Prices of all rows are sorted only for a margin that is asked for.
    if "unit_price" in sold and (np.isnan(shortage) & (cost > 0)).any():
        price = median_of_series(floats(sold["unit_price"]), series.of_rows, series.count)
    known = Known(holding, shortage, cost, price)
    costs = costs_of(known, options)
    targets = targets_of(given["category"].to_pylist(), rows, options)
    demand = Demand.unknown(series.count)
    bound = floats(given[ORDER_WEEKDAYS]) if ORDER_WEEKDAYS in given else none
    review = longest_gap(np.nan_to_num(bound).astype(np.int64), review_period)
    if not np.isnan(targets.fill).all():
        demand = _demand(series, sold, options, review)
    lead_time = np.asarray(given["lead_time"])
    implied = implied_shortage(targets, costs.holding, lead_time, demand, review)
    aimed = ~np.isnan(implied)
    count_costs(known, costs, aimed, series.stores, series.products, options, part)
    count_targets(targets, implied, costs.shortage, series.stores, series.products, part)
    values = {"holding_cost": costs.holding, "shortage_cost": np.where(aimed, implied, costs.shortage)}
    return {name: pa.array(value).cast(pa.float32()) for name, value in values.items()}


def _demand(series: Series, sold: Mapping[str, pa.Array], options: DataOptions, review: Integers) -> Demand:
    """A closed period demands nothing, and what is sold while stock is short is not demand."""
    units = np.where(floats(sold["in_stock"]) < 1, np.nan, floats(sold["units_sold"]))
    if OPEN in sold:
        units = np.where(floats(sold[OPEN]) == 0, 0.0, units)
    demand = Demand.unknown(series.count)
    for length in np.unique(review):
        found = demand_of_cycles(
            units, series.of_rows, series.age, series.count, int(length), options.period_days
        )
        for into, values in ((demand.mean, found.mean), (demand.deviation, found.deviation)):
            into[review == length] = values[review == length]
    return demand
