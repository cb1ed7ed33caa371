"""The rows of one shard: sales on a dense grid of dates, with everything that is known of each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checking import SPOILT
from components.example_generation.contract import FILES, INVENTORY, PRODUCTS, SALES
from components.example_generation.external import ExternalLookup
from components.example_generation.keys import ranks
from components.example_generation.options import DataOptions
from components.example_generation.report import Part
from components.rows import single

_SERIES_KEY = ("store_id", "product_id", "date")


@dataclass(frozen=True)
class Surroundings:
    """What every shard needs: the small files, and which columns the data has at all."""

    options: DataOptions
    sales_columns: tuple[str, ...]
    inventory_columns: tuple[str, ...] | None  # None: there is no such file
    products: pa.Table | None
    external: ExternalLookup | None


@dataclass(frozen=True)
class _Grid:
    """Every period of every series between its first and last: S series, G rows, by series and date."""

    stores: pa.Array
    products: pa.Array
    store: np.ndarray  # [S] index into the names
    product: np.ndarray
    first: np.ndarray  # [S] first day
    length: np.ndarray  # [S] periods
    offset: np.ndarray  # [S] first grid row
    step: int

    @property
    def rows(self) -> int:
        return int(self.length.sum())

    @property
    def series(self) -> np.ndarray:  # [G]
        return np.repeat(np.arange(self.length.size), self.length)

    def place(
        self, store: np.ndarray, product: np.ndarray, days: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Grid row of some keys (-1 outside the series' dates), and whether the series exists at all."""
        known_keys = self.store * len(self.products) + self.product  # rising, as series are sorted
        keys = store * len(self.products) + product
        series = np.minimum(np.searchsorted(known_keys, keys), known_keys.size - 1)
        exists = (known_keys[series] == keys) & (store >= 0) & (product >= 0)
        period = (days - self.first[series]) // self.step
        inside = exists & (period >= 0) & (period < self.length[series])
        return np.where(inside, self.offset[series] + period, -1), exists


def join_rows(sales: pa.Table, inventory: pa.Table | None, around: Surroundings) -> tuple[pa.Table, Part]:
    """Join the rows of one shard.

    Args:
        sales: checked rows, sorted by store_id, product_id and date, each key once; at least one row.
        inventory: checked rows, each key once, any order.
        around: the small files and the options.

    Returns:
        Rows as the artifact holds them, flat: sorted by store_id, product_id and date; and the counts.
    """
    days = _days(sales)
    store, stores = ranks(sales["store_id"])
    product, products = ranks(sales["product_id"])
    starts = np.flatnonzero(np.append(True, (store[1:] != store[:-1]) | (product[1:] != product[:-1])))
    ends = np.append(starts[1:], days.size) - 1
    step = around.options.period_days
    length = (days[ends] - days[starts]) // step + 1
    offset = np.cumsum(length) - length
    grid = _Grid(stores, products, store[starts], product[starts], days[starts], length, offset, step)
    series = grid.series
    grid_days = grid.first[series] + (np.arange(series.size) - offset[series]) * step
    sold = np.repeat(np.arange(starts.size), ends - starts + 1)
    place = offset[sold] + (days - grid.first[sold]) // step

    values = _sales_values(sales, place, grid.rows, around)
    part = Part(counts={"rows": grid.rows, "series": starts.size, "filled": grid.rows - days.size})
    part.first_day, part.last_day = int(days.min()), int(days.max())
    values.update(_inventory_values(inventory, grid, around, part))
    values["in_stock"] = _in_stock(values.get("in_stock"), values.get("on_hand"), grid.rows)
    if around.external is not None:
        values.update(around.external.find(grid_days, grid.store[series], stores))
    values.update(_product_values(products, grid.product[series], around, part))
    keys = {
        "date": pa.array(grid_days.astype(np.int64)),
        "store_id": stores.take(pa.array(grid.store[series])),
        "product_id": products.take(pa.array(grid.product[series])),
    }
    rows = pa.table({name: {**keys, **values}[name] for name in _ordered({**keys, **values}, around)})
    part.columns = tuple(rows.column_names)
    return rows, part


def _days(table: pa.Table) -> np.ndarray:
    return single(table["date"]).to_numpy(zero_copy_only=False).astype(np.int64)


def _scatter(values: pa.Array, place: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Values at their places among `size` rows, and where there is none."""
    dense = np.zeros(size, dtype=values.type.to_pandas_dtype())
    missing = np.ones(size, dtype=bool)
    dense[place] = values.fill_null(0).to_numpy(zero_copy_only=False)
    missing[place] = np.asarray(values.is_null())
    return dense, missing


def _sales_values(sales: pa.Table, place: np.ndarray, size: int, around: Surroundings) -> dict[str, pa.Array]:
    # Of a row that was set aside only the key is left: what it said is unknown.
    aside = np.zeros(size, dtype=bool)
    if SPOILT in sales.column_names:
        aside[place] = np.asarray(single(sales[SPOILT]).fill_null(False))
    found: dict[str, pa.Array] = {}
    for column in FILES[SALES].columns:
        if column.kind != "number" or column.name not in around.sales_columns:
            continue
        present = column.name in sales.column_names  # a part of the file may lack a column that others have
        values = single(sales[column.name]) if present else pa.nulls(sales.num_rows, pa.float32())
        dense, missing = _scatter(values, place, size)
        if column.name == "units_sold" and around.options.missing_dates == "zero":
            missing[:] = False
        array = pa.array(dense, mask=missing | aside)
        found[column.name] = array.cast(pa.int64()) if column.name == "on_promotion" else array
    return found


def _inventory_values(
    inventory: pa.Table | None, grid: _Grid, around: Surroundings, part: Part
) -> dict[str, pa.Array]:
    names = [n for n in ("on_hand", "on_order") if n in (around.inventory_columns or ())]
    if inventory is None or inventory.num_rows == 0:
        return {name: pa.nulls(grid.rows, pa.float64()) for name in names}
    codes = []
    for column, known in (("store_id", grid.stores), ("product_id", grid.products)):
        code, words = ranks(inventory[column])
        there = pc.index_in(words, value_set=known).fill_null(-1).to_numpy(zero_copy_only=False)
        codes.append(there[code].astype(np.int64))
    place, exists = grid.place(codes[0], codes[1], _days(inventory))
    part.counts["inventory_elsewhere"] = int((~exists).sum())
    part.counts["inventory_outside"] = int((exists & (place < 0)).sum())
    used = place >= 0
    found: dict[str, pa.Array] = {}
    for name in names:
        here = name in inventory.column_names
        values = single(inventory[name]) if here else pa.nulls(inventory.num_rows, pa.float64())
        dense, missing = _scatter(values.filter(pa.array(used)), place[used], grid.rows)
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


def product_fallbacks(options: DataOptions) -> dict[str, object]:
    """What stands in for an empty value of `products`, by column; other columns stay empty."""
    return {
        "category": "",
        "lead_time": options.fallback_lead_time,
        "pack_size": options.pack_size,
        "minimum_order_quantity": options.minimum_order_quantity,
        "holding_cost": options.holding_cost,
        "shortage_cost": options.shortage_cost,
    }


def _product_values(
    names: pa.Array, product: np.ndarray, around: Surroundings, part: Part
) -> dict[str, pa.Array]:
    table, stand_in = around.products, product_fallbacks(around.options)
    found: dict[str, pa.Array] = {}
    where = pa.nulls(len(names), pa.int64())
    if table is not None:
        where = pc.index_in(names, value_set=single(table["product_id"]).dictionary_decode())
        part.unknown_products = set(names.filter(where.is_null()).to_pylist())
    for column in FILES[PRODUCTS].columns[1:]:
        name = column.name
        if table is not None and name in table.column_names:
            values = single(table[name])
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            values = values.take(where)
        elif name in stand_in:
            values = pa.nulls(len(names), pa.string() if column.kind == "text" else column.stored)
        else:
            continue
        if name in stand_in:
            values = values.fill_null(stand_in[name])
        if name == "lead_time":
            values = values.cast(pa.int64())
        found[name] = values.take(pa.array(product))
    return found


def _ordered(names: dict[str, pa.Array], around: Surroundings) -> list[str]:
    """Columns in the order of the contract: keys, category, sales, stock, surroundings, product."""
    external = around.external.names if around.external is not None else ()
    wanted = [
        *("date", "store_id", "product_id", "category"),
        *FILES[SALES].column_names[3:],
        *FILES[INVENTORY].column_names[3:],
        *external,
        *FILES[PRODUCTS].column_names[2:],
    ]
    return [name for name in wanted if name in names]
