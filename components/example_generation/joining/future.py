"""What is known of the time after the last sale."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.joining.external import ExternalLookup
from components.example_generation.options import DataOptions
from components.example_generation.reading.small_files import SmallFiles
from contracts.rows import single


def known_future(small: SmallFiles, options: DataOptions, calendar: Calendar) -> pa.Table:
    """What external_factors says of the time after the last sale, in the columns known in advance.

    Args:
        small: holds the file.
        options: names the columns (`known_future`).
        calendar: of the sales.

    Returns:
        date (int64, days since 1970-01-01), store_id, and each known column that the file has, as in the
        rows; one row for each store of sales_data and each later date that the file names, sorted by store
        and date. The file's row of a store goes before its row of all stores, value by value.
    """
    columns = {n: k for n, k in small.external_columns.items() if n in options.known_future}
    days = np.zeros(0, np.int64)
    if small.external is not None and calendar.last is not None:
        days = np.unique(single(small.external["date"]).to_numpy(zero_copy_only=False)).astype(np.int64)
        days = days[days > calendar.last]
    store = np.repeat(np.arange(len(calendar.sold)), days.size)
    every = np.tile(days, len(calendar.sold))
    table = {"date": pa.array(every), "store_id": calendar.sold.take(pa.array(store))}
    if small.external is not None:
        table.update(ExternalLookup.of(small.external, tuple(columns)).find(every, store, calendar.sold))
    return pa.table(table)
