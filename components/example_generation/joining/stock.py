"""The newest stock of each series that inventory_levels names, be there sales of it or not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.report import Part
from contracts.rows import SERIES_KEYS, newest, series_bounds, single

_TYPES = {
    "store_id": pa.string(),
    "product_id": pa.string(),
    "on_hand": pa.float64(),
    "stock_date": pa.int64(),
    "on_order": pa.float64(),
    "order_date": pa.int64(),
}


def newest_stock(inventory: pa.Table | None, last: int | None) -> pa.Table:
    """One row for each series: what was there and on its way when it was last told, up to a date.

    Args:
        inventory: checked rows, sorted by store_id, product_id and date, each key once.
        last: date of the plan, days since 1970-01-01; stock of a later date is none of its business.

    Returns:
        store_id, product_id, on_hand (units) and stock_date, on_order (units) and order_date (dates in days since
        1970-01-01); null where nothing was told.
    """
    if inventory is None or last is None:
        return _empty()
    wanted = ("store_id", "product_id", "date", "on_hand", "on_order")
    columns = {name: single(inventory[name]) for name in wanted if name in inventory.column_names}
    for name in SERIES_KEYS:
        columns[name] = columns[name].cast(pa.string())
    columns["date"] = columns["date"].cast(pa.int64())
    rows = pa.table(columns)
    rows = rows.filter(pc.less_equal(rows["date"], last))
    if rows.num_rows == 0:
        return _empty()
    bounds = series_bounds(rows)
    found = {name: rows[name].take(pa.array(bounds[:-1])) for name in SERIES_KEYS}
    for name, when in (("on_hand", "stock_date"), ("on_order", "order_date")):
        found[name] = newest(rows, bounds, name, name)
        found[when] = newest(rows, bounds, name, "date")
    return pa.table({name: found[name].cast(kind) for name, kind in _TYPES.items()})


def _empty() -> pa.Table:
    return pa.table({name: pa.array(np.zeros(0), pa.float64()).cast(kind) for name, kind in _TYPES.items()})


def at_least_0(inventory: pa.Table | None, part: Part) -> pa.Table | None:
    """Sold before the delivery was booked: nothing is there, and what is on its way still is."""
    if inventory is None or "on_hand" not in inventory.column_names:
        return inventory
    given = single(inventory["on_hand"])
    oversold = np.asarray(pc.less(given, 0).fill_null(False))
    part.count("oversold", oversold, inventory)
    if not oversold.any():
        return inventory
    index = inventory.column_names.index("on_hand")
    return inventory.set_column(
        index, "on_hand", pc.if_else(pa.array(oversold), pa.scalar(0, given.type), given)
    )
