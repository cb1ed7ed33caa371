"""Good folders made invalid in one way each, and the message that follows.

Over 300 lines: a table of cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.example_generation.contract import (
    EXTERNAL,
    INVENTORY,
    PLANNED,
    PRODUCTS,
    SALES,
    STORE_CALENDAR,
)
from tests.components.example_generation.folders import Folder


@dataclass(frozen=True)
class Case:
    """A good folder made invalid in one way, and the whole message that the user then reads."""

    name: str
    spoil: Callable[[Folder], None]
    message: str
    forms: tuple[str, ...] = ("csv", "parquet")
    weekly: bool = False


def put(file: str, column: str, *cells: tuple[int, Any]) -> Callable[[Folder], None]:
    """Put values into rows (from 1, as messages count them)."""

    def spoil(folder: Folder) -> None:
        for row, value in cells:
            folder[file][column][row - 1] = value

    return spoil


def without(file: str, column: str | None = None) -> Callable[[Folder], None]:
    def spoil(folder: Folder) -> None:
        if column is None:
            del folder[file]
        else:
            del folder[file][column]

    return spoil


def renamed(file: str, column: str, name: str) -> Callable[[Folder], None]:
    def spoil(folder: Folder) -> None:
        folder[file] = {name if key == column else key: value for key, value in folder[file].items()}

    return spoil


def repeated(file: str, row: int) -> Callable[[Folder], None]:
    def spoil(folder: Folder) -> None:
        for values in folder[file].values():
            values.append(values[row - 1])

    return spoil


def sold_for_a_time(
    begin: str | None, end: str | None, own_begin: str | None = None
) -> Callable[[Folder], None]:
    """Dates in the row of product B, and in a row of store S2 for it."""

    def spoil(folder: Folder) -> None:
        products = folder[PRODUCTS]
        products.update(store_id=["", ""], active_from=[None, begin], active_until=[None, end])
        if own_begin:
            row = {"product_id": "B", "store_id": "S2", "active_from": own_begin}
            for name, values in products.items():
                values.append(row.get(name))

    return spoil


def of_a_store(theirs: str, general: str, *stores: str) -> Callable[[Folder], None]:
    """Rows of stores for product A that hold a 0 and nothing else, and a 0 in the row for all stores."""

    def spoil(folder: Folder) -> None:
        products = folder[PRODUCTS]
        products["store_id"] = ["", ""]
        products[general][0] = 0
        for store in stores:
            row = {"product_id": "A", "store_id": store, theirs: 0}
            for name, values in products.items():
                values.append(row.get(name))

    return spoil


def emptied(file: str) -> Callable[[Folder], None]:
    def spoil(folder: Folder) -> None:
        for values in folder[file].values():
            values.clear()

    return spoil


CASES = (
    Case(
        "no_sales_file",
        without(SALES),
        ("sales_data.csv: no such file in {folder}. Put it into the folder; CSV, .xlsx or Parquet"),
    ),
    Case(
        "sales_file_renamed",
        lambda f: f.update(sale_data=f.pop(SALES)),
        (
            "sales_data.csv: no such file in {folder}. There is 'sale_data.{form}': rename it; CSV, .xlsx or Parquet"
        ),
    ),
    Case(
        "missing_column",
        without(SALES, "units_sold"),
        (
            "sales_data.{form}, column units_sold: the required column is missing; the header has date, "
            "store_id, product_id, unit_price, discount, on_promotion, in_stock. Add the column"
        ),
    ),
    Case(
        "misspelt_column",
        renamed(SALES, "units_sold", "unit_sold"),
        (
            "sales_data.{form}, column units_sold: the required column is missing; the header has date, "
            "store_id, product_id, unit_sold, unit_price, discount, on_promotion, in_stock. Rename the column "
            "'unit_sold' to units_sold"
        ),
    ),
    Case(
        "inventory_without_date",
        without(INVENTORY, "date"),
        (
            "inventory_levels.{form}, column date: the required column is missing; the header has store_id, "
            "product_id, on_hand, on_order. Add the column"
        ),
    ),
    Case(
        "no_rows",
        emptied(SALES),
        ("sales_data.{form}: the file has a header and no rows. Export it again, or remove it"),
    ),
    Case(
        "inventory_without_rows",
        emptied(INVENTORY),
        ("inventory_levels.{form}: the file has a header and no rows. Export it again, or remove it"),
    ),
    Case(
        "date_of_another_order",
        put(SALES, "date", (2, "02/01/2024"), (5, "02/01/2024")),
        (
            "sales_data.{form}, column date: the file writes dates in more than one way, so that day and month "
            "may be swapped (2 rows) [row 2: '02/01/2024', row 5: '02/01/2024']. Write dates as YYYY-MM-DD, or "
            "say which comes first: data.dialect.dates: day_first or month_first"
        ),
    ),
    Case(
        "impossible_date",
        put(SALES, "date", (3, "2024-02-30")),
        (
            "sales_data.{form}, column date: there is no such date [row 3: '2024-02-30']. Correct "
            "the day or the month"
        ),
    ),
    Case(
        "missing_date",
        put(SALES, "date", (3, None)),
        ("sales_data.{form}, column date: a date is missing [row 3: '']. Write the date as YYYY-MM-DD"),
    ),
    Case(
        "date_of_another_age",
        put(SALES, "date", (3, "0204-01-03")),
        (
            "sales_data.{form}, column date: a date lies outside 1970-01-01 .. 2199-12-31 [row 3: "
            "'0204-01-03']. Correct the year"
        ),
    ),
    Case(
        "date_with_time",
        put(SALES, "date", (3, "2024-01-03 07:30:00")),
        (
            "sales_data.{form}, column date: a date carries a time of day [row 3: '2024-01-03 "
            "07:30:00']. Sum the rows of a period up, and date it without a time; data.duplicates: sum does both for "
            "sales_data"
        ),
    ),
    Case(
        "off_the_weekly_grid",
        put(SALES, "date", (3, "2024-01-16")),
        (
            "sales_data.{form}, column date: a date is not a Monday, as the weeks of sales_data are "
            "[row 3: '2024-01-16']. Date each week by the same weekday, or set the frequency to D"
        ),
        weekly=True,
    ),
    Case(
        "external_off_the_weekly_grid",
        put(EXTERNAL, "date", (1, "2024-01-02")),
        (
            "external_factors.{form}, column date: a date is not a Monday, as the weeks of "
            "sales_data are [row 1: '2024-01-02']. Date each week by the same weekday, or set the "
            "frequency to D"
        ),
        weekly=True,
    ),
    Case(
        "negative_units",
        put(SALES, "units_sold", (1, -3), (4, -0.5)),
        (
            "sales_data.{form}, column units_sold: a value must be 0 or more (2 rows) [row 1: '-3', "
            "row 4: '-0.5']. Book returns apart from sales, and write 0 where nothing was sold; of invoice lines "
            "data.duplicates: sum nets returns against sales"
        ),
    ),
    Case(
        "units_not_a_number",
        put(SALES, "units_sold", (2, "three")),
        (
            "sales_data.{form}, column units_sold: a value is not a number [row 2: 'three']. Write "
            "plain numbers with a decimal point, without units or thousands separators"
        ),
    ),
    Case(
        "units_with_comma",
        put(SALES, "units_sold", (2, "1,5")),
        (
            "sales_data.{form}, column units_sold: a value is not a number [row 2: '1,5']. Write "
            "plain numbers with a decimal point, without units or thousands separators"
        ),
    ),
    Case(
        "units_nan",
        put(SALES, "units_sold", (2, float("nan"))),
        (
            "sales_data.{form}, column units_sold: a value is missing [row 2: 'nan']. Write a "
            "number in each row, or leave the row out"
        ),
    ),
    Case(
        "units_infinite",
        put(SALES, "units_sold", (2, float("inf"))),
        (
            "sales_data.{form}, column units_sold: a value is not a finite number [row 2: 'inf']. "
            "Write a number below 1e38"
        ),
    ),
    Case(
        "units_missing",
        put(SALES, "units_sold", (2, None), (3, None)),
        (
            "sales_data.{form}, column units_sold: a value is missing (2 rows) [row 2: '', row 3: "
            "'']. Write a number in each row, or leave the row out"
        ),
    ),
    Case(
        "price_zero",
        put(SALES, "unit_price", (12, 0)),
        (
            "sales_data.{form}, column unit_price: a value must be more than 0 [row 12: '0']. Give "
            "the price per unit, or leave it empty where it is not known"
        ),
    ),
    Case(
        "price_negative",
        put(SALES, "unit_price", (12, -1)),
        (
            "sales_data.{form}, column unit_price: a value must be more than 0 [row 12: '-1']. Give "
            "the price per unit, or leave it empty where it is not known"
        ),
    ),
    Case(
        "price_as_text",
        put(SALES, "unit_price", (12, "2.50 EUR")),
        (
            "sales_data.{form}, column unit_price: a value is not a number [row 12: '2.50 EUR']. "
            "Write plain numbers with a decimal point, without units or thousands separators"
        ),
    ),
    Case(
        "discount_zero",
        put(SALES, "discount", (6, 0)),
        (
            "sales_data.{form}, column discount: a value must be more than 0 and at most 1 [row 6: "
            "'0']. Write the fraction of the list price that was paid: 0.8 for 20% off, 1 for none"
        ),
    ),
    Case(
        "discount_in_percent",
        put(SALES, "discount", (6, 20), (7, 15)),
        (
            "sales_data.{form}, column discount: a value must be more than 0 and at most 1 (2 rows) "
            "[row 6: '20', row 7: '15']. Write the fraction of the list price that was paid: 0.8 for "
            "20% off, 1 for none"
        ),
    ),
    Case(
        "promotion_two",
        put(SALES, "on_promotion", (6, 2)),
        (
            "sales_data.{form}, column on_promotion: a value must be 0 or 1 [row 6: '2']. Write 1 on "
            "promotion and 0 otherwise"
        ),
    ),
    Case(
        "promotion_word",
        put(SALES, "on_promotion", (6, "yes")),
        (
            "sales_data.{form}, column on_promotion: a value is not a number [row 6: 'yes']. Write "
            "plain numbers with a decimal point, without units or thousands separators"
        ),
    ),
    Case(
        "stock_in_percent",
        put(SALES, "in_stock", (6, 85)),
        (
            "sales_data.{form}, column in_stock: a value must lie between 0 and 1 [row 6: '85']. "
            "Write the share of the period with stock, between 0 and 1, not a percentage"
        ),
    ),
    Case(
        "stock_negative",
        put(SALES, "in_stock", (6, -0.1)),
        (
            "sales_data.{form}, column in_stock: a value must lie between 0 and 1 [row 6: '-0.1']. "
            "Write the share of the period with stock, between 0 and 1, not a percentage"
        ),
    ),
    Case(
        "empty_store",
        put(SALES, "store_id", (6, None)),
        ("sales_data.{form}, column store_id: a key is empty [row 6: '']. Name it in each row"),
    ),
    Case(
        "blank_product",
        put(SALES, "product_id", (6, "  ")),
        ("sales_data.{form}, column product_id: a key is empty [row 6: '  ']. Name it in each row"),
    ),
    Case(
        "duplicate_sales",
        repeated(SALES, 2),
        (
            "sales_data.{form}: the same date, store_id, product_id occurs again [row 13: "
            "'2024-01-02, S1, A as in row 2']. Keep one row for each, or add invoice lines up with data.duplicates: sum"
        ),
    ),
    Case(
        "duplicate_inventory",
        repeated(INVENTORY, 2),
        (
            "inventory_levels.{form}: the same date, store_id, product_id occurs again [row 13: "
            "'2024-01-02, S1, A as in row 2']. Keep one row for each"
        ),
    ),
    Case(
        "duplicate_external",
        repeated(EXTERNAL, 1),
        (
            "external_factors.{form}: the same date, store_id occurs again [row 7: '2024-01-01, S1 "
            "as in row 1']. Keep one row for each"
        ),
    ),
    Case(
        "duplicate_external_of_all_stores",
        repeated(EXTERNAL, 5),
        (
            "external_factors.{form}: the same date, store_id occurs again [row 7: '2024-01-02, all "
            "stores as in row 5']. Keep one row for each"
        ),
    ),
    Case(
        "duplicate_in_the_plan",
        repeated(PLANNED, 3),
        (
            "planned_prices.{form}: the same date, store_id, product_id occurs again [row 4: '2024-01-04, all stores, "
            "A as in row 3']. Keep one row for each"
        ),
    ),
    Case(
        "planned_price_of_nothing",
        put(PLANNED, "unit_price", (1, 0)),
        (
            "planned_prices.{form}, column unit_price: a value must be more than 0 [row 1: '0']. Give the price per "
            "unit, or leave it empty where it is not known"
        ),
    ),
    Case(
        "planned_in_percent",
        put(PLANNED, "discount", (2, 80)),
        (
            "planned_prices.{form}, column discount: a value must be more than 0 and at most 1 [row 2: '80']. Write "
            "the fraction of the list price that was paid: 0.8 for 20% off, 1 for none"
        ),
    ),
    Case(
        "duplicate_in_the_calendar",
        repeated(STORE_CALENDAR, 2),
        (
            "store_calendar.{form}: the same date, store_id occurs again [row 3: '2024-01-05, all stores as in row "
            "2']. Keep one row for each"
        ),
    ),
    Case(
        "calendar_neither_open_nor_closed",
        put(STORE_CALENDAR, "open", (1, 2)),
        (
            "store_calendar.{form}, column open: a value must be 0 or 1 [row 1: '2']. Write 1 for a date on which the "
            "store is open, 0 for one on which it is closed"
        ),
    ),
    Case(
        "calendar_says_nothing",
        put(STORE_CALENDAR, "open", (1, None)),
        (
            "store_calendar.{form}, column open: a value is missing [row 1: '']. Write a number in each row, or leave "
            "the row out"
        ),
    ),
    Case(
        "calendar_off_the_weekly_grid",
        put(STORE_CALENDAR, "date", (2, "2024-01-30")),
        (
            "store_calendar.{form}, column date: a date is not a Monday, as the weeks of "
            "sales_data are [row 2: '2024-01-30']. Date each week by the same weekday, or set the "
            "frequency to D"
        ),
        weekly=True,
    ),
    Case(
        "duplicate_product",
        repeated(PRODUCTS, 1),
        ("products.{form}: the same product_id occurs again [row 3: 'A as in row 1']. Keep one row for each"),
    ),
    Case(
        "on_order_negative",
        put(INVENTORY, "on_order", (7, -2)),
        (
            "inventory_levels.{form}, column on_order: a value must be 0 or more [row 7: '-2']. "
            "Correct the figure of open orders, or leave it empty where it is not known"
        ),
    ),
    Case(
        "external_not_a_number",
        put(EXTERNAL, "temperature", (2, "cold")),
        (
            "external_factors.{form}, column temperature: a value is not a number [row 2: 'cold']. "
            "Write plain numbers with a decimal point, without units or thousands separators; if the column is text, "
            "name it in data.text_columns"
        ),
    ),
    Case(
        "external_infinite",
        put(EXTERNAL, "temperature", (2, float("inf"))),
        (
            "external_factors.{form}, column temperature: a value is not a finite number [row 2: "
            "'inf']. Write a number below 1e38, or leave the value empty"
        ),
    ),
    Case(
        "external_bears_a_name_of_the_rows",
        renamed(EXTERNAL, "temperature", "unit_price"),
        (
            "external_factors.{form}, column unit_price: a column of this name belongs to another "
            "file. Rename or remove it"
        ),
    ),
    Case(
        "lead_time_of_half_a_day",
        put(PRODUCTS, "lead_time", (1, 1.5)),
        (
            "products.{form}, column lead_time: a value must be a whole number, 0 or more [row 1: "
            "'1.5']. Correct these values or leave them empty"
        ),
    ),
    Case(
        "lead_time_negative",
        put(PRODUCTS, "lead_time", (1, -1)),
        (
            "products.{form}, column lead_time: a value must be a whole number, 0 or more [row 1: "
            "'-1']. Correct these values or leave them empty"
        ),
    ),
    Case(
        "pack_size_zero",
        put(PRODUCTS, "pack_size", (2, 0)),
        (
            "products.{form}, column pack_size: a value must be more than 0 [row 2: '0']. Correct "
            "these values or leave them empty"
        ),
    ),
    Case(
        "minimum_negative",
        put(PRODUCTS, "minimum_order_quantity", (2, -1)),
        (
            "products.{form}, column minimum_order_quantity: a value must be 0 or more [row 2: "
            "'-1']. Correct these values or leave them empty"
        ),
    ),
    Case(
        "maximum_negative",
        put(PRODUCTS, "maximum_order_quantity", (2, -1)),
        (
            "products.{form}, column maximum_order_quantity: a value must be 0 or more [row 2: "
            "'-1']. Correct these values or leave them empty"
        ),
    ),
    Case(
        "unit_cost_negative",
        put(PRODUCTS, "unit_cost", (2, -1)),
        (
            "products.{form}, column unit_cost: a value must be 0 or more [row 2: '-1']. Correct "
            "these values or leave them empty"
        ),
    ),
    Case(
        "holding_cost_negative",
        put(PRODUCTS, "holding_cost", (2, -1)),
        (
            "products.{form}, column holding_cost: a value must be 0 or more [row 2: '-1']. Correct "
            "these values or leave them empty"
        ),
    ),
    Case(
        "costs_both_zero",
        lambda f: (put(PRODUCTS, "holding_cost", (2, 0))(f), put(PRODUCTS, "shortage_cost", (2, 0))(f))[0],
        (
            "products.{form}, column holding_cost: holding_cost and shortage_cost are both 0, so "
            "that no stock level is cheapest [row 2: '0']. Give at least one of them, or leave both "
            "empty"
        ),
    ),
    Case(
        "costs_both_zero_of_a_store",
        of_a_store("holding_cost", "shortage_cost", "S2"),
        (
            "products.{form}, column holding_cost: holding_cost and shortage_cost are both 0, so "
            "that no stock level is cheapest [row 3: '0']. Give at least one of them, or leave both "
            "empty"
        ),
    ),
    Case(
        "shelf_life_of_no_period",
        lambda folder: folder[PRODUCTS].update(shelf_life=[0, 3]),
        (
            "products.{form}, column shelf_life: a value must be a whole number, 1 or more [row 1: '0']. Write "
            "the whole periods in which a unit can be sold, 1 or more, or leave it empty"
        ),
    ),
    Case(
        "presentation_stock_beyond_the_shelf",
        lambda folder: folder[PRODUCTS].update(presentation_stock=[4, 9.5], shelf_capacity=[4, 9]),
        (
            "products.{form}, column presentation_stock: presentation_stock is more than shelf_capacity, so that "
            "it finds no room [row 2: '9.5']. Correct one of them, or leave it empty"
        ),
    ),
    Case(
        "delisted_before_it_is_sold",
        sold_for_a_time("2024-03-05", "2024-03-04"),
        (
            "products.{form}, column active_until: active_until lies before active_from [row 2: '2024-03-04']. "
            "Correct one of them, or leave it empty"
        ),
    ),
    Case(
        "delisted_before_a_store_sells_it",
        sold_for_a_time(None, "2024-03-04", own_begin="2024-03-05"),
        (
            "products.{form}, column active_until: active_until lies before active_from [row 3: '2024-03-04']. "
            "Correct one of them, or leave it empty"
        ),
    ),
    Case(
        "delisted_on_no_date",
        sold_for_a_time(None, "2024-02-30"),
        (
            "products.{form}, column active_until: there is no such date [row 2: '2024-02-30']. "
            "Correct the day or the month"
        ),
        forms=("csv",),
    ),
    Case(
        "duplicate_product_of_a_store",
        of_a_store("unit_cost", "unit_cost", "S2", "S2"),
        (
            "products.{form}: the same product_id, store_id occurs again [row 4: 'A, S2 as in row 3']. "
            "Keep one row for each"
        ),
    ),
    Case(
        "duplicate_product_of_all_stores",
        of_a_store("unit_cost", "unit_cost", ""),
        (
            "products.{form}: the same product_id, store_id occurs again [row 3: 'A, all stores as in row 1']. "
            "Keep one row for each"
        ),
    ),
    Case(
        "product_without_id",
        put(PRODUCTS, "product_id", (2, None)),
        ("products.{form}, column product_id: a key is empty [row 2: '']. Name it in each row"),
    ),
    Case(
        "units_beyond_all_bounds",
        put(SALES, "units_sold", (3, 2e9)),
        (
            "sales_data.{form}, column units_sold: a value must be at most 1,000,000,000 [row 3: '2e+09']. "
            "Correct it, or write it in larger units"
        ),
        forms=("parquet",),
    ),
    Case(
        "price_that_vanishes",
        put(SALES, "unit_price", (12, 1e-50)),
        (
            "sales_data.{form}, column unit_price: a value must be between 0.000001 and 1,000,000,000 "
            "[row 12: '1e-50']. Correct it, or write it in larger units, or leave it empty"
        ),
    ),
    Case(
        "on_hand_beyond_all_bounds",
        put(INVENTORY, "on_hand", (2, 10**10)),
        (
            "inventory_levels.{form}, column on_hand: a value must be at most 1,000,000,000 "
            "[row 2: '10000000000']. Correct it, or write it in larger units, or leave it empty"
        ),
    ),
    Case(
        "lead_time_of_no_lifetime",
        put(PRODUCTS, "lead_time", (1, 10**30)),
        (
            "products.{form}, column lead_time: a value must be at most 3,660 "
            "[row 1: '1000000000000000000000000000000']. "
            "Correct it, or leave it empty"
        ),
        forms=("csv",),
    ),
    Case(
        "pack_beyond_all_bounds",
        put(PRODUCTS, "pack_size", (2, 10**12)),
        (
            "products.{form}, column pack_size: a value must be between 0.000001 and 1,000,000,000 "
            "[row 2: '1000000000000']. Correct it, or write it in larger units, or leave it empty"
        ),
    ),
    Case(
        "condition_beyond_all_bounds",
        put(EXTERNAL, "temperature", (2, -1e20)),
        (
            "external_factors.{form}, column temperature: a value must be between -1,000,000,000,000,000 and "
            "1,000,000,000,000,000 [row 2: '-1e+20']. "
            "Correct it, or write it in larger units, or leave it empty"
        ),
    ),
    Case(
        "nul_in_an_identifier",
        put(SALES, "product_id", (4, "P\0A")),
        (
            "sales_data.{form}, column product_id: an identifier holds a line break or the character NUL "
            "[row 4: 'P\\x00A']. Remove it from the text"
        ),
    ),
    Case(
        "line_break_in_an_identifier",
        put(INVENTORY, "store_id", (4, "two\u2028lines")),
        (
            "inventory_levels.{form}, column store_id: an identifier holds a line break or the character NUL "
            "[row 4: 'two\\u2028lines']. Remove it from the text"
        ),
    ),
    Case(
        "identifier_without_end",
        put(PRODUCTS, "product_id", (1, "ü" * 201)),
        (
            "products.{form}, column product_id: an identifier has more than 200 characters [row 1: '"
            + "ü" * 80
            + "...']. Shorten it; an unclosed quote may have joined lines"
        ),
    ),
    Case(
        "nul_in_a_text",
        put(PRODUCTS, "category", (2, "bak\0ery")),
        (
            "products.{form}, column category: a text holds the character NUL [row 2: 'bak\\x00ery']. "
            "Remove it from the text"
        ),
    ),
    Case(
        "nul_in_a_condition",
        put(EXTERNAL, "event", (5, "pa\0rade")),
        (
            "external_factors.{form}, column event: a text holds the character NUL [row 5: 'pa\\x00rade']. "
            "Remove it from the text"
        ),
    ),
)

TOGETHER = (
    "impossible_date",
    "negative_units",
    "price_as_text",
    "duplicate_sales",
    "on_order_negative",
    "external_not_a_number",
    "pack_size_zero",
    "lead_time_negative",
)
