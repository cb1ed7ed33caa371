"""Rows continued into the horizon with what is known of it, so that the last origin can be cut like any other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.rows import KEYS, series_bounds
from components.windowing.merging import merge_spans
from transforms.features import FeatureSpace


def with_known_future(
    rows: pa.Table, future: pa.Table, space: FeatureSpace, origin: int | None = None
) -> tuple[pa.Table, int]:
    """Appends, to every series that is still in its history at the last date, rows for t+1 .. t+horizon.

    Args:
        rows: flat rows sorted by series and date.
        future: ``date``, ``store_id`` and the columns known in the future (example_generation.future).
        space: says how far, and which columns.
        origin: t, where these rows are not all there are; else their last date. Days since 1970-01-01.

    Returns:
        The rows with the appended ones, which have no units, and the origin.
    """
    if origin is None:
        origin = int(pc.max(rows["date"]).as_py())
    last = series_bounds(rows)[1:] - 1
    final = rows.take(pa.array(last))
    alive = pc.greater(final["date"], origin - space.history * space.period_days)
    final = final.filter(alive)
    ahead = origin + space.period_days * np.arange(1, space.horizon + 1)
    which = np.repeat(np.arange(final.num_rows), space.horizon)
    # What a product is goes on; what was measured ends with the last row.
    lasting = ("store_id", "product_id", "category", "lead_time", "holding_cost", "shortage_cost")
    columns = {name: final[name].take(pa.array(which)) for name in lasting}
    columns["date"] = pa.array(np.tile(ahead, final.num_rows))
    place = _places(columns, future)
    for name in space.known_future:
        if name in future.column_names:
            columns[name] = future[name].take(place)
    return merge_spans(
        [rows, pa.table(columns).select([*KEYS, *(n for n in columns if n not in KEYS)])]
    ), origin


def _places(columns: dict[str, pa.ChunkedArray], future: pa.Table) -> pa.Array:
    """Row of ``future`` for each appended row, null where it says nothing of that store and date."""
    row_of = {
        key: row
        for row, key in enumerate(
            zip(future["store_id"].to_pylist(), future["date"].to_pylist(), strict=True)
        )
    }
    wanted = zip(columns["store_id"].to_pylist(), columns["date"].to_pylist(), strict=True)
    return pa.array([row_of.get(key) for key in wanted], pa.int64())
