"""Columns that one room writes and others read."""

from __future__ import annotations

COVERED = "planned"
"""1: what stands in the columns below was planned, and what is null there is not known. 0: to come, and nothing is
known of it. Null: nobody says what was planned then, and what happened stands for it.
"""
PLANNED_AS = {
    "unit_price": "planned_price",
    "discount": "planned_discount",
    "on_promotion": "planned_promotion",
}
"""Name of each planned column of the rows, by that of what happened."""

NOTHING_PLANNED = {"discount": 1.0, "on_promotion": 0.0}
"""What a plan means by not naming a product on a date that it covers. What it then costs, it does not say."""

SUPPLIER, ORDER_WEEKDAYS, MINIMUM_ORDER_VALUE = "supplier", "order_weekdays", "minimum_order_value"
"""Who delivers a product, on which weekdays (sum of 2^k, Monday k = 0; 0: any) and from what value orders are taken."""


def quantile_column(level: float) -> str:
    """Column of the quantile of a level, such as ``quantile_0.9``."""
    return f"quantile_{level:g}"
