"""The rows of one shard: sales on a dense grid of dates, with everything that is known of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.example_generation.calendar import Calendar
from components.example_generation.checks.rules import INVALID
from components.example_generation.contract import ATTRIBUTES, FILES, INVENTORY, OF_SUPPLIERS, SALES
from components.example_generation.joining.attributes import Series, product_values
from components.example_generation.joining.external import ExternalLookup
from components.example_generation.joining.keys import ranks
from components.example_generation.joining.planned import Plan
from components.example_generation.options import DataOptions
from components.example_generation.report import Part
from contracts.arrays import Flags, Integers
from contracts.columns import COVERED, PLANNED_AS
from contracts.rows import OPEN, OPEN_COLUMNS, single


@dataclass(frozen=True)
class Surroundings:
    """What every shard needs: the small files, and which columns the data has at all."""

    options: DataOptions
    review_period: int
    sales_columns: tuple[str, ...]
    inventory_columns: tuple[str, ...] | None  # None: there is no such file
    products: pa.Table | None
    external: ExternalLookup | None
    store_calendar: pa.Table | None
    plan: Plan | None


@dataclass(frozen=True)
class _Grid:
    """Every period of every series, from its first sale to the newest date of its store: S series, G rows, in order.

    A store that goes on selling other things tells that of this one nothing was sold, as it does of dates in between.
    """

    stores: pa.Array
    products: pa.Array
    store: Integers  # [S] index into the names
    product: Integers
    first: Integers  # [S] first day
    length: Integers  # [S] periods
    offset: Integers  # [S] first grid row
    step: int

    @property
    def rows(self) -> int:
        return int(self.length.sum())

    @property
    def series(self) -> Integers:  # [G]
        return np.repeat(np.arange(self.length.size), self.length)

    @property
    def last(self) -> Integers:  # [S] last day
        return np.asarray(self.first + (self.length - 1) * self.step)

    def series_of(self, store: Integers, product: Integers) -> Integers:
        """The series of some keys, -1 where there is none."""
        known_keys = self.store * len(self.products) + self.product  # rising, as series are sorted
        keys = store * len(self.products) + product
        series = np.minimum(np.searchsorted(known_keys, keys), known_keys.size - 1)
        exists = (known_keys[series] == keys) & (store >= 0) & (product >= 0)
        return np.where(exists, series, -1)


def join_rows(
    sales: pa.Table, inventory: pa.Table | None, around: Surroundings, calendar: Calendar
) -> tuple[pa.Table, Part]:
    """Join the rows of one shard.

    Args:
        sales: checked rows, sorted by store_id, product_id and date, each key once; at least one row.
        inventory: checked rows, sorted alike, each key once.
        around: the small files and the options.
        calendar: of the whole folder.

    Returns:
        Rows as the artifact holds them, flat: sorted by store_id, product_id and date; and the counts.
    """
    days = _days(sales)
    store, stores = ranks(sales["store_id"])
    product, products = ranks(sales["product_id"])
    starts = np.flatnonzero(np.append(True, (store[1:] != store[:-1]) | (product[1:] != product[:-1])))
    ends = np.append(starts[1:], days.size) - 1
    step = around.options.period_days
    length = (calendar.end_of(stores)[store[starts]] - days[starts]) // step + 1
    offset = np.cumsum(length) - length
    grid = _Grid(stores, products, store[starts], product[starts], days[starts], length, offset, step)
    series = grid.series
    grid_days = grid.first[series] + (np.arange(series.size) - offset[series]) * step
    sold = np.repeat(np.arange(starts.size), ends - starts + 1)
    index = offset[sold] + (days - grid.first[sold]) // step

    opening = calendar.open_days.of_rows(grid_days, grid.store[series], stores)
    values = _sales_values(sales, index, grid.rows, around) | opening
    if OPEN in opening:
        # Nothing was sold there, and that is neither known demand nor a gap.
        values["units_sold"] = pc.if_else(pc.equal(opening[OPEN], 0), None, values["units_sold"])
    part = Part()
    part.counts.update(rows=grid.rows, series=starts.size, filled=grid.rows - days.size)
    part.first_day, part.last_day = int(days.min()), int(days.max())
    part.ids[SALES, "store_id"], part.ids[SALES, "product_id"] = (
        set(stores.to_pylist()),
        set(products.to_pylist()),
    )
    values.update(_inventory_values(inventory, grid, around, calendar, part))
    values["in_stock"] = _in_stock(values.get("in_stock"), values.get("on_hand"), grid.rows)
    if around.external is not None:
        values.update(around.external.find(grid_days, grid.store[series], stores))
    of = Series(stores.take(pa.array(grid.store)), products.take(pa.array(grid.product)), length)
    said = product_values(of, values, around.products, around.options, around.review_period, part)
    values.update((name, column.take(pa.array(series))) for name, column in said.items())
    keys = {
        "date": pa.array(grid_days.astype(np.int64)),
        "store_id": stores.take(pa.array(grid.store[series])),
        "product_id": products.take(pa.array(grid.product[series])),
    }
    if around.plan is not None and around.plan.first <= int(grid_days.max()):
        values.update(around.plan.find(keys))
    rows = pa.table({name: {**keys, **values}[name] for name in _ordered({**keys, **values}, around)})
    part.columns = tuple(rows.column_names)
    return rows, part


def _days(table: pa.Table) -> Integers:
    return np.asarray(single(table["date"]).to_numpy(zero_copy_only=False).astype(np.int64))


def _scatter(values: pa.Array, index: Integers, size: int) -> tuple[NDArray[Any], Flags]:
    """Values at their indices among `size` rows, and where there is none."""
    dense = np.zeros(size, dtype=values.type.to_pandas_dtype())
    missing = np.ones(size, dtype=bool)
    dense[index] = values.fill_null(0).to_numpy(zero_copy_only=False)
    missing[index] = np.asarray(values.is_null())
    return dense, missing


def _sales_values(sales: pa.Table, index: Integers, size: int, around: Surroundings) -> dict[str, pa.Array]:
    # Of a row that was set aside only the key is left: what it said is unknown.
    invalid = np.zeros(size, dtype=bool)
    if INVALID in sales.column_names:
        invalid[index] = np.asarray(single(sales[INVALID]).fill_null(False))
    found: dict[str, pa.Array] = {}
    for column in FILES[SALES].columns:
        if column.kind != "number" or column.name not in around.sales_columns:
            continue
        present = column.name in sales.column_names  # a part of the file may lack a column that others have
        values = single(sales[column.name]) if present else pa.nulls(sales.num_rows, pa.float32())
        dense, missing = _scatter(values, index, size)
        if column.name == "units_sold" and around.options.missing_dates == "zero":
            missing[:] = False
        array = pa.array(dense, mask=missing | invalid)
        found[column.name] = array.cast(pa.int64()) if column.name == "on_promotion" else array
    return found


def _inventory_values(
    inventory: pa.Table | None, grid: _Grid, around: Surroundings, calendar: Calendar, part: Part
) -> dict[str, pa.Array]:
    names = [n for n in ("on_hand", "on_order") if n in (around.inventory_columns or ())]
    if inventory is None or inventory.num_rows == 0:
        part.counts["series_without_stock"] = grid.length.size
        return {name: pa.nulls(grid.rows, pa.float64()) for name in names}
    codes = []
    for column, known in (("store_id", grid.stores), ("product_id", grid.products)):
        code, words = ranks(inventory[column])
        there = pc.index_in(words, value_set=known).fill_null(-1).to_numpy(zero_copy_only=False)
        codes.append(there[code].astype(np.int64))
    days, series = _days(inventory), grid.series_of(codes[0], codes[1])
    exists, before, late = series >= 0, days < grid.first[series], days > grid.last[series]
    after = days > (calendar.last or 0)
    used = exists & ~before & ~late
    index = grid.offset[series] + (days - grid.first[series]) // grid.step
    for key, rows in (
        ("inventory_elsewhere", ~exists),
        ("inventory_before", exists & before),
        ("inventory_late", exists & late & ~after),
        ("inventory_after", exists & after),
    ):
        part.count(key, rows, inventory)
    part.counts["inventory_found"] = int((exists & ~before & ~after).sum())
    bare = np.ones(grid.length.size, dtype=bool)
    bare[series[exists & ~before & ~after]] = False
    part.counts["series_without_stock"] = int(bare.sum())
    if bare.any():
        first = int(np.flatnonzero(bare)[0])
        store, product = grid.stores[int(grid.store[first])], grid.products[int(grid.product[first])]
        part.examples["series_without_stock"] = f"{store} {product}"
    found: dict[str, pa.Array] = {}
    for name in names:
        here = name in inventory.column_names
        values = single(inventory[name]) if here else pa.nulls(inventory.num_rows, pa.float64())
        dense, missing = _scatter(values.filter(pa.array(used)), index[used], grid.rows)
        found[name] = pa.array(dense, mask=missing)
    return found


def _in_stock(given: pa.Array | None, on_hand: pa.Array | None, size: int) -> pa.Array:
    """The share as given; where it is not, 0 in a period that ended without stock; else 1."""
    share = pa.nulls(size, pa.float32()) if given is None else given
    if on_hand is not None:
        ended_empty = pc.equal(on_hand, 0)
        share = pc.coalesce(
            share, pc.if_else(ended_empty, pa.scalar(0, pa.float32()), pa.scalar(1, pa.float32()))
        )
    return share.fill_null(1.0)


def _ordered(names: dict[str, pa.Array], around: Surroundings) -> list[str]:
    """Columns in the order of the contract: keys, category, sales, stock, surroundings, product."""
    external = around.external.names if around.external is not None else ()
    wanted = [
        *("date", "store_id", "product_id", "category"),
        *FILES[SALES].column_names[3:],
        *OPEN_COLUMNS,
        *FILES[INVENTORY].column_names[3:],
        *external,
        *(COVERED, *PLANNED_AS.values()),
        *(column.name for column in (*ATTRIBUTES, *OF_SUPPLIERS) if column.name != "category"),
    ]
    return [name for name in wanted if name in names]
