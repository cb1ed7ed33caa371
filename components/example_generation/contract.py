"""The data contract as data: the files, their columns, and what a value may be."""

from __future__ import annotations

from components.example_generation.columns import SMALLEST, Column, FileContract
from contracts.columns import COVERED, MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, PLANNED_AS, SUPPLIER
from contracts.rows import OPEN, OPEN_COLUMNS
from inventory.service_levels import HIGHEST_TARGET

SALES, INVENTORY, EXTERNAL, PRODUCTS = "sales_data", "inventory_levels", "external_factors", "products"
PLANNED, STORE_CALENDAR, SUPPLIERS = "planned_prices", "store_calendar", "suppliers"

_DATE = Column("date", "date", "first day of the period, ISO 8601", required=True, filled=True)
_STORE = Column("store_id", "key", "the store", required=True, filled=True)
_PRODUCT = Column("product_id", "key", "the product", required=True, filled=True)
_ANY_STORE = Column("store_id", "key", "the store; empty: all stores")
_PRICE = Column(
    "unit_price",
    "number",
    "money paid per unit",
    low=0,
    low_excluded=True,
    least=SMALLEST,
    rule="price_not_positive",
    remedy="Give the price per unit, or leave it empty where it is not known",
)
_DISCOUNT = Column(
    "discount",
    "number",
    "fraction of the list price paid, 1 is none",
    low=0,
    high=1,
    low_excluded=True,
    least=SMALLEST,
    rule="discount_out_of_range",
    remedy="Write the fraction of the list price that was paid: 0.8 for 20% off, 1 for none",
)
_PROMOTION = Column(
    "on_promotion",
    "number",
    "1 on promotion, 0 not",
    low=0,
    high=1,
    whole=True,
    rule="promotion_not_0_or_1",
    remedy="Write 1 on promotion and 0 otherwise",
)


def _target(name: str, meaning: str) -> Column:
    return Column(
        name,
        "number",
        f"{meaning}; sets the shortage_cost; empty: none",
        low=0,
        high=HIGHEST_TARGET,
        low_excluded=True,
        least=SMALLEST,
        exact=True,
        product_only=True,
        rule="target_out_of_range",
        remedy="Write a share: 0.95 for 95%; at most one of the two targets for a product",
    )


def _shelf(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, low=0, exact=True, silent=True, rule="negative_quantity")


def _lead_time(meaning: str) -> Column:
    return Column("lead_time", "number", meaning, low=0, most=3660, whole=True, rule="lead_time_not_whole")


FILES: dict[str, FileContract] = {
    file.name: file
    for file in (
        FileContract(
            SALES,
            (
                _DATE,
                _STORE,
                _PRODUCT,
                Column(
                    "units_sold",
                    "number",
                    "units sold in the period",
                    required=True,
                    filled=True,
                    low=0,
                    rule="negative_units",
                    remedy="Book returns apart from sales, and write 0 where nothing was sold; of invoice lines "
                    "data.duplicates: sum nets returns against sales",
                ),
                _PRICE,
                _DISCOUNT,
                _PROMOTION,
                Column(
                    "in_stock",
                    "number",
                    "share of the period with stock",
                    low=0,
                    high=1,
                    rule="in_stock_out_of_range",
                    remedy="Write the share of the period with stock, between 0 and 1, not a percentage",
                ),
            ),
            key=("date", "store_id", "product_id"),
            required=True,
        ),
        FileContract(
            INVENTORY,
            (
                _DATE,
                _STORE,
                _PRODUCT,
                Column(
                    "on_hand",
                    "number",
                    "units in stock at the end of the period; below 0 (oversold) counts as 0",
                    exact=True,
                ),
                Column(
                    "on_order",
                    "number",
                    "units ordered and not yet arrived at the end of the period",
                    low=0,
                    exact=True,
                    rule="negative_on_order",
                    remedy="Correct the figure of open orders, or leave it empty where it is not known",
                ),
            ),
            key=("date", "store_id", "product_id"),
        ),
        FileContract(
            EXTERNAL,
            (_DATE, _ANY_STORE),
            key=("date", "store_id"),
            open_ended=True,
        ),
        FileContract(
            PLANNED,
            (_DATE, _ANY_STORE, _PRODUCT, _PRICE, _DISCOUNT, _PROMOTION),
            key=("date", "store_id", "product_id"),
            newest="what anybody plans",
        ),
        FileContract(
            PRODUCTS,
            (
                _PRODUCT,
                _ANY_STORE,
                Column("category", "text", "group of like products"),
                Column(
                    "unit_cost", "number", "money per unit bought", low=0, exact=True, rule="negative_cost"
                ),
                _lead_time("periods"),
                Column(SUPPLIER, "key", "who delivers it; empty: nobody in particular", silent=True),
                Column(
                    "pack_size",
                    "number",
                    "units of a pack",
                    low=0,
                    low_excluded=True,
                    least=SMALLEST,
                    exact=True,
                    rule="pack_not_positive",
                ),
                Column(
                    "minimum_order_quantity", "number", "units", low=0, exact=True, rule="negative_quantity"
                ),
                Column(
                    "maximum_order_quantity",
                    "number",
                    "units; empty: none",
                    low=0,
                    exact=True,
                    rule="negative_quantity",
                ),
                Column("holding_cost", "number", "money per unit and period", low=0, rule="negative_cost"),
                Column("shortage_cost", "number", "money per unit", low=0, rule="negative_cost"),
                _shelf(
                    "presentation_stock", "units that lie on the shelf at the least, for looks; empty: none"
                ),
                _shelf("shelf_capacity", "units that the shelf holds; empty: any"),
                Column(
                    "shelf_life",
                    "number",
                    "periods in which a unit can be sold, that of its arrival among them; empty: it keeps for good",
                    low=1,
                    most=3660,
                    whole=True,
                    exact=True,
                    silent=True,
                    rule="shelf_life_not_whole",
                    remedy="Write the whole periods in which a unit can be sold, 1 or more, or leave it empty",
                ),
                _target("target_cycle_service", "share of the cycles in which all demand is to be served"),
                _target("target_fill_rate", "share of the demand that is to be served"),
                Column(
                    "active_from", "date", "first day on which it is sold; empty: ever", product_only=True
                ),
                Column(
                    "active_until", "date", "last day on which it is sold; empty: for good", product_only=True
                ),
                Column("follows", "key", "the product that it succeeds; empty: none", product_only=True),
            ),
            key=("product_id", "store_id"),
        ),
        FileContract(
            STORE_CALENDAR,
            (
                _DATE,
                _ANY_STORE,
                Column(
                    OPEN,
                    "number",
                    "1 the store is open, 0 it is closed",
                    required=True,
                    filled=True,
                    low=0,
                    high=1,
                    whole=True,
                    rule="open_not_0_or_1",
                    remedy="Write 1 for a date on which the store is open, 0 for one on which it is closed",
                ),
            ),
            key=("date", "store_id"),
        ),
        FileContract(
            SUPPLIERS,
            (
                Column(SUPPLIER, "key", "the supplier, as products names it", required=True, filled=True),
                Column(
                    ORDER_WEEKDAYS,
                    "text",
                    "weekdays at whose end orders are taken, such as `Mon Thu`; empty: any",
                    rule="unknown_weekday",
                    remedy="Write weekdays as Mon Thu, as Mon-Fri, or by their ISO numbers, 1 for Monday; leave it "
                    "empty where any day will do",
                ),
                _lead_time("periods, of products without one"),
                Column(
                    MINIMUM_ORDER_VALUE,
                    "number",
                    "money, at unit_cost, that the order of a store is for at the least; empty: none",
                    low=0,
                    exact=True,
                    rule="negative_cost",
                ),
            ),
            key=(SUPPLIER,),
        ),
    )
}

# Outside conditions are of any unit.
CONDITION = Column(
    "any other",
    "number",
    "an outside condition, as temperature or holiday",
    least=-1e15,
    most=1e15,
    open=True,
)

# Names that rows already carry: a column of external_factors of such a name could not be told apart.
ROW_NAMES = frozenset(
    [*(n for file in FILES.values() for n in file.column_names), *OPEN_COLUMNS, COVERED, *PLANNED_AS.values()]
)

# What products says of each row of the sales.
ATTRIBUTES = tuple(
    column
    for column in FILES[PRODUCTS].columns
    if column.name not in FILES[PRODUCTS].key and not column.product_only
)

# What suppliers says of each row of the sales.
OF_SUPPLIERS = tuple(
    column for column in FILES[SUPPLIERS].columns if column.name in (ORDER_WEEKDAYS, MINIMUM_ORDER_VALUE)
)

# What orders are counted with and no model sees.
EXACT = frozenset(column.name for file in FILES.values() for column in file.columns if column.exact)


def plain_name(name: str) -> str:
    """The name of a file or folder as the contract spells it: people write capitals, blanks and hyphens."""
    return name.casefold().replace(" ", "_").replace("-", "_")


def contract_file(name: str) -> str | None:
    """The contract file that a file belongs to, told by its name (such as `Sales_Data/2024-01.CSV`)."""
    return next((file for file in FILES if plain_name(name).startswith(file)), None)
