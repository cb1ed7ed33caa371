"""Suppliers that take no order on the plan's date."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from contracts.arrays import Flags, Texts
from contracts.columns import ORDER_WEEKDAYS, SUPPLIER
from contracts.dates import WEEKDAYS, to_date, weekday
from contracts.rows import floats
from inventory.suppliers.order_days import takes_orders
from pipeline.orders.planning.frame import Frame


def not_today(scored: pa.Table, as_of: int) -> Texts:
    """Why nothing is ordered of a series at the end of a day, [N]; empty where its supplier takes orders.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``, whose review_period ends on the next order day.
        as_of: days since 1970-01-01.
    """
    found = np.full(scored.num_rows, "", dtype=object)
    suppliers, review = scored[SUPPLIER], floats(scored["review_period"])
    for i in np.flatnonzero(_closed(scored, as_of)):
        day = as_of + int(review[i])
        found[i] = (
            f"no order day of {suppliers[int(i)].as_py()}, which takes the next order on {WEEKDAYS[weekday(day)]}, "
            f"{to_date(day)}"
        )
    return found


def order_day_note(scored: pa.Table, frame: Frame) -> str:
    """Of how many series no order is taken on the plan's date, with an example; empty: of none."""
    closed = np.flatnonzero(_closed(scored, frame.as_of))
    if not closed.size:
        return ""
    store, product, supplier = (scored[name][int(closed[0])] for name in ("store_id", "product_id", SUPPLIER))
    return (
        f"{closed.size} of {scored.num_rows} series are not ordered on {to_date(frame.as_of)}, no order day of "
        f"their suppliers, such as {store} {product} of {supplier}"
    )


def _closed(scored: pa.Table, as_of: int) -> Flags:
    return ~takes_orders(np.nan_to_num(floats(scored[ORDER_WEEKDAYS])).astype(np.int64), as_of)
