"""What a retailer does not supply, and what is used in its place, in words."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.contract import (
    ATTRIBUTES,
    EXTERNAL,
    INVENTORY,
    PLANNED,
    PRODUCTS,
    SALES,
    STORE_CALENDAR,
    SUPPLIERS,
)
from components.example_generation.joining.attributes import product_fallbacks
from components.example_generation.joining.derived import cost_words
from components.example_generation.joining.external import ALL_STORES
from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.open_days import WEEKS
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import Inputs
from components.example_generation.report import Part
from contracts.columns import PLANNED_AS, SUPPLIER
from contracts.records.fallback import Fallback
from contracts.rows import SERIES_KEYS, single


def describe_fallbacks(
    inputs: Inputs, options: DataOptions, products: pa.Table | None, whole: Part
) -> list[Fallback]:
    """Every optional file and column that is missing, in order of the contract.

    Args:
        products: checked rows; None: there is no such file.
        whole: what all workers have counted.
    """
    sources = inputs.sources
    sales = sources[SALES].columns if SALES in sources else ()
    stock = sources[INVENTORY].columns if INVENTORY in sources else ()
    found = [
        Fallback(what=f"{SALES} has no {name}", used="left out")
        for name in ("unit_price", "discount", "on_promotion")
        if name not in sales
    ]
    if "in_stock" not in sales:
        used = "every period counts as fully stocked"
        if "on_hand" in stock:
            used = f"a period that ended with on_hand 0 in {INVENTORY} counts as out of stock, others not"
        found.append(Fallback(what=f"{SALES} has no in_stock", used=used))
    if INVENTORY not in sources:
        found.append(Fallback(what=f"no {INVENTORY}", used="stock and open orders are left out"))
    else:
        found += [
            Fallback(what=f"{INVENTORY} has no {name}", used="left out")
            for name in ("on_hand", "on_order")
            if name not in stock
        ]
    if EXTERNAL not in sources:
        found.append(Fallback(what=f"no {EXTERNAL}", used="the calendar alone"))
    if PLANNED not in sources and any(name in sales for name in PLANNED_AS):
        known = [name for name in PLANNED_AS if options.known_ahead.get(name) and name in sales]
        found.append(
            Fallback(
                what=f"no {PLANNED}",
                used=f"{', '.join(known)} count as planned as they came; nothing is known of what is to come"
                if known
                else "prices, discounts and promotions to come are not known, in training either",
            )
        )
    if STORE_CALENDAR not in sources:
        used = "every week is open"
        if options.frequency == "D":
            used = f"a store is closed on weekdays without a sale of any product for {WEEKS} weeks"
        found.append(Fallback(what=f"no {STORE_CALENDAR}", used=used))
    if SUPPLIERS not in sources and products is not None and SUPPLIER in products.column_names:
        used = "no supplier has order days, a lead time or a least order of its own"
        found.append(Fallback(what=f"no {SUPPLIERS}, which {PRODUCTS} names", used=used))
    return found + _products(PRODUCTS in sources, options, products, whole)


def _products(there: bool, options: DataOptions, products: pa.Table | None, whole: Part) -> list[Fallback]:
    constants = {
        name: ("one category for all" if value == "" else f"{value:g}")
        for name, value in product_fallbacks(options).items()
    }
    constants.update(cost_words(whole, options))
    constants.update(unit_cost="left out of stock value", maximum_order_quantity="no maximum")
    if not there:
        used = ", ".join(f"{name}: {value}" for name, value in constants.items())
        return [Fallback(what=f"no {PRODUCTS}", used=used)]
    found = []
    rows, what = None, "products"
    if products is not None:
        keys = {name: single(products[name]).cast(pa.string()) for name in SERIES_KEYS}
        rows = StoreRows.of(products, keys)
        if pc.any(pc.not_equal(keys["store_id"], ALL_STORES)).as_py():
            what = f"rows of {PRODUCTS}, which the row for all stores fills up,"
    for name in [column.name for column in ATTRIBUTES if not column.silent]:
        if rows is None or name not in rows.table.column_names:
            found.append(Fallback(what=f"{PRODUCTS} has no {name}", used=constants[name]))
        # A product without a maximum is a statement, not a gap.
        elif (empty := rows.values(name).null_count) and name != "maximum_order_quantity":
            found.append(
                Fallback(what=f"{empty} of {rows.table.num_rows} {what} have no {name}", used=constants[name])
            )
    return found
