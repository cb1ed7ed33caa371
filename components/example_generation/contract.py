"""The data contract as data: the files, their columns, and what a value may be.

Over 300 lines: one table of all files, which is read from top to bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from contracts.rows import OPEN, OPEN_COLUMNS

Kind = Literal["date", "key", "number", "text"]
SALES, INVENTORY, EXTERNAL, PRODUCTS = "sales_data", "inventory_levels", "external_factors", "products"
STORE_CALENDAR = "store_calendar"

LARGEST, SMALLEST = 1e9, 1e-6
"""Of units and money: the largest value, and the smallest of those that must be more than 0."""
KEY_LENGTH, TEXT_LENGTH = 200, 1000
"""Characters of an identifier, and of another text."""


@dataclass(frozen=True)
class Column:
    """One column: its kind, and for numbers the allowed range.

    Attributes:
        name: as in the header.
        kind: date; key (an identifier, text however it is stored); number; text.
        meaning: what a value says, with its unit.
        required: the file is rejected without the column.
        filled: each row must have a value; else an empty value means "not known".
        low, high: smallest and largest value.
        low_excluded: the smallest value itself is not allowed.
        least, most: beyond them no retailer's value lies; also what 32 bits of a float hold with a meaning.
        whole: only whole numbers.
        timed: of a date: it may carry a time of day, which is cut off.
        open: of any name, so that it may be text as well.
        product_only: it says something of the product itself and does not stand in the rows.
        exact: counted or paid by people and seen by no model, so that its decimals are kept; other numbers become
            float32, as models read them.
        rule: stable name of the broken range.
        remedy: what to do about a value outside the range.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    filled: bool = False
    low: float | None = None
    high: float | None = None
    low_excluded: bool = False
    least: float | None = None
    most: float = LARGEST
    whole: bool = False
    timed: bool = False
    open: bool = False
    exact: bool = False
    product_only: bool = False
    rule: str = "out_of_range"
    remedy: str = "Correct these values or leave them empty"

    @property
    def stored(self) -> pa.DataType:
        """Of a number: its type in the rows."""
        return pa.float64() if self.exact else pa.float32()

    @property
    def is_flag(self) -> bool:
        """Is it 0 or 1?"""
        return self.whole and self.low == 0 and self.high == 1

    @property
    def range_text(self) -> str:
        """The allowed range in words."""
        if self.low is None:
            return "may be any number"
        if self.is_flag:
            return "must be 0 or 1"
        kind = "a whole number, " if self.whole else ""
        least = f"more than {self.low:g}" if self.low_excluded else f"{self.low:g} or more"
        if self.high is None:
            return f"must be {kind}{least}"
        if not self.low_excluded:
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be {kind}{least} and at most {self.high:g}"

    @property
    def bounds_text(self) -> str:
        """What every value lies within, in words."""
        if self.least is None:
            return f"at most {self.most:,.0f}"
        least = f"{self.least:,.0f}" if abs(self.least) >= 1 else f"{self.least:.6f}"
        return f"between {least} and {self.most:,.0f}"


@dataclass(frozen=True)
class FileContract:
    """One file: its columns, and those that together may occur only once.

    Attributes:
        open_ended: further columns of any name belong to the file, numeric or text.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False
    open_ended: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the declared columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The declaration of one column."""
        return next(column for column in self.columns if column.name == name)


_DATE = Column("date", "date", "first day of the period, ISO 8601", required=True, filled=True)
_STORE = Column("store_id", "key", "the store", required=True, filled=True)
_PRODUCT = Column("product_id", "key", "the product", required=True, filled=True)
_STORE_OR_ALL = Column("store_id", "key", "the store; empty: all stores")

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
                Column(
                    "unit_price",
                    "number",
                    "money paid per unit",
                    low=0,
                    low_excluded=True,
                    least=SMALLEST,
                    rule="price_not_positive",
                    remedy="Give the price per unit, or leave it empty where it is not known",
                ),
                Column(
                    "discount",
                    "number",
                    "fraction of the list price paid, 1 is none",
                    low=0,
                    high=1,
                    low_excluded=True,
                    least=SMALLEST,
                    rule="discount_out_of_range",
                    remedy="Write the fraction of the list price that was paid: 0.8 for 20% off, 1 for none",
                ),
                Column(
                    "on_promotion",
                    "number",
                    "1 on promotion, 0 not",
                    low=0,
                    high=1,
                    whole=True,
                    rule="promotion_not_0_or_1",
                    remedy="Write 1 on promotion and 0 otherwise",
                ),
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
            (_DATE, _STORE_OR_ALL),
            key=("date", "store_id"),
            open_ended=True,
        ),
        FileContract(
            PRODUCTS,
            (
                _PRODUCT,
                _STORE_OR_ALL,
                Column("category", "text", "group of like products"),
                Column(
                    "unit_cost", "number", "money per unit bought", low=0, exact=True, rule="negative_cost"
                ),
                Column(
                    "lead_time", "number", "periods", low=0, most=3660, whole=True, rule="lead_time_not_whole"
                ),
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
                _STORE_OR_ALL,
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
ROW_NAMES = frozenset([*(name for file in FILES.values() for name in file.column_names), *OPEN_COLUMNS])

# What products says of each row of the sales.
ATTRIBUTES = tuple(
    column
    for column in FILES[PRODUCTS].columns
    if column.name not in FILES[PRODUCTS].key and not column.product_only
)

# What orders are counted with and no model sees.
EXACT = frozenset(column.name for file in FILES.values() for column in file.columns if column.exact)


def plain_name(name: str) -> str:
    """The name of a file or folder as the contract spells it: people write capitals, blanks and hyphens."""
    return name.casefold().replace(" ", "_").replace("-", "_")


def contract_file(name: str) -> str | None:
    """The contract file that a file belongs to, told by its name (such as `Sales_Data/2024-01.CSV`)."""
    return next((file for file in FILES if plain_name(name).startswith(file)), None)
