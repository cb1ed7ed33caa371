"""Rows continued into the horizon with what is known of it, so that the last origin can be cut like any other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.rows import KEYS, index_in, series_bounds, stack
from transforms.features import FeatureSpace


def with_known_future(
    rows: pa.Table, future: pa.Table, space: FeatureSpace, origin: int | None = None
) -> tuple[pa.Table, int]:
    """Appends, to every series that is still in its history at the last date, rows for t+1 .. t+horizon.

    Args:
        rows: flat rows sorted by series and date, none after the origin.
        future: ``date``, ``store_id`` and the columns known in the future (example_generation.future).
        space: says how far, and which columns.
        origin: t, where these rows are not all there are; else their last date. Days since 1970-01-01.

    Returns:
        The rows with the appended ones, which have no units, and the origin.
    """
    if origin is None:
        origin = int(pc.max(rows["date"]).as_py())
    bounds = series_bounds(rows)
    final = rows.take(pa.array(bounds[1:] - 1))
    alive = np.flatnonzero(pc.greater(final["date"], origin - space.history * space.period_days))
    ahead = origin + space.period_days * np.arange(1, space.horizon + 1)
    which = np.repeat(alive, space.horizon)
    # What a product is goes on; what was measured ends with the last row.
    lasting = ("store_id", "product_id", "category", "lead_time", "holding_cost", "shortage_cost")
    columns = {name: final[name].take(pa.array(which)) for name in lasting}
    columns["date"] = pa.array(np.tile(ahead, len(alive)))
    index = index_in(columns, future, ("store_id", "date"))
    for name in space.known_future:
        if name in future.column_names:
            columns[name] = future[name].take(index)
    appended = pa.table(columns).select([*KEYS, *(n for n in columns if n not in KEYS)])
    # All that is appended to a series comes after its rows, so its number alone puts everything in order.
    series = np.concatenate([np.repeat(np.arange(len(final)), np.diff(bounds)), which])
    return stack([rows, appended]).take(pa.array(np.argsort(series, kind="stable"))), origin
