"""What suppliers say of the products that name them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.store_rows import StoreRows
from contracts.columns import MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, SUPPLIER
from contracts.rows import SERIES_KEYS, single
from inventory.suppliers.order_days import ANY_DAY


def with_terms(products: pa.Table, suppliers: pa.Table, lead_time: float) -> pa.Table:
    """The rows of products with what their suppliers ask for.

    The supplier's lead_time stands where neither the row nor the one for all stores has any. Its order_weekdays and
    minimum_order_value become columns: 0 where it asks for none, so that a store's own supplier goes before that of the
    row for all. Where products names no supplier, the rows stay as they are.

    Args:
        products: checked rows, each key once.
        suppliers: checked rows, with order_weekdays as sums of 2^k.
        lead_time: periods, where neither a product nor its supplier has any.
    """
    if SUPPLIER not in products.column_names:
        return products
    rows = StoreRows.of(products, {name: single(products[name]).cast(pa.string()) for name in SERIES_KEYS})
    index = pc.index_in(rows.values(SUPPLIER), value_set=single(suppliers[SUPPLIER]).cast(pa.string()))
    for name, kind in ((ORDER_WEEKDAYS, pa.int64()), (MINIMUM_ORDER_VALUE, pa.float64())):
        values = pa.nulls(len(index), kind)
        if name in suppliers.column_names:
            values = single(suppliers[name]).cast(kind).take(index)
        products = products.append_column(name, values.fill_null(ANY_DAY))
    if "lead_time" not in suppliers.column_names:
        return products
    theirs = single(suppliers["lead_time"]).cast(pa.float64()).take(index)
    own = given = pa.nulls(len(index), pa.float64())
    if "lead_time" in products.column_names:
        own, given = (
            values.cast(pa.float64()) for values in (single(products["lead_time"]), rows.values("lead_time"))
        )
        products = products.drop(["lead_time"])
    products = products.append_column(
        "lead_time", pc.coalesce(own, pc.if_else(given.is_valid(), None, theirs))
    )
    # A store's own supplier without a lead time has not that of the supplier of the row for all.
    held = StoreRows(products, rows.own, rows.general).values("lead_time")
    others = pc.and_(pc.and_(given.is_null(), theirs.is_null()), held.is_valid())
    column = pc.if_else(others, lead_time, single(products["lead_time"]))
    return products.set_column(products.column_names.index("lead_time"), "lead_time", column)
