"""Rows continued with what is known of the time after them, so that the last origin can be cut like any other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.future import Future
from components.windowing.cutting import STATIC
from contracts.columns import COVERED
from contracts.rows import KEYS, OPEN_PLANNED, index_in, series_bounds, stack
from transforms.features import FeatureSpace


def with_known_future(
    rows: pa.Table, future: Future, space: FeatureSpace, origin: int | None = None
) -> tuple[pa.Table, int]:
    """Appends what is known of the time after its last row to every series.

    A series that is still in its history at the last date of all goes on to t+horizon, another for a horizon.

    Args:
        rows: flat rows sorted by series and date, none after the origin.
        space: says how far, and which columns.
        origin: t, where these rows are not all there are; else their last date. Days since 1970-01-01.

    Returns:
        The rows with the appended ones, which have no units, and the origin.
    """
    if origin is None:
        origin = int(pc.max(rows["date"]).as_py())
    bounds, days = series_bounds(rows), space.period_days
    final = rows.take(pa.array(bounds[1:] - 1))
    own = final["date"].to_numpy()
    alive = own > origin - space.history * days
    count = (np.where(alive, origin, own) - own) // days + space.horizon
    which = np.repeat(np.arange(len(own)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + 1
    # What a product is goes on; what was measured ends with the last row.
    columns = {name: final[name].take(pa.array(which)) for name in STATIC if name in final.column_names}
    columns["date"] = pa.array(own[which] + days * step)
    index = index_in(columns, future.external, ("store_id", "date"))
    for external in space.externals():
        if external.reach and external.column in future.external.column_names:
            columns[external.column] = future.external[external.column].take(index)
    if OPEN_PLANNED in future.external.column_names:
        columns[OPEN_PLANNED] = future.external[OPEN_PLANNED].take(index)
    if space.planned():
        # Without a plan, what has come since a series ended was that nothing was planned for it.
        unplanned = {
            COVERED: pa.array(np.zeros(len(which), np.int64), mask=own[which] + days * step <= origin)
        }
        columns |= unplanned if future.plan is None else future.plan.find(columns)
    appended = pa.table(columns).select([*KEYS, *(n for n in columns if n not in KEYS)])
    # All that is appended to a series comes after its rows, so its number alone puts everything in order.
    series = np.concatenate([np.repeat(np.arange(len(final)), np.diff(bounds)), which])
    return stack([rows, appended]).take(pa.array(np.argsort(series, kind="stable"))), origin
