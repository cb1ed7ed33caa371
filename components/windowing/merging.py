"""Rows of several spans as one history: where two spans hold the same key, the newer one is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.rows import KEYS, stack


def merge_spans(tables: Sequence[pa.Table]) -> pa.Table:
    """Flat tables of one shard, oldest span first, as one table sorted by series and date.

    A column that only some spans have is null in the rows of the others.
    """
    tables = [table for table in tables if table.num_rows] or list(tables[:1])
    if len(tables) == 1:
        return tables[0]
    order = pa.array(np.repeat(np.arange(len(tables)), [table.num_rows for table in tables]))
    merged = stack(tables)
    # Sorted by the keys alone: any other name may be that of an external column.
    ranks = merged.select(list(KEYS)).append_column("span", order)
    merged = merged.take(pc.sort_indices(ranks, [(name, "ascending") for name in (*KEYS, "span")]))
    last_of_key = np.ones(merged.num_rows, dtype=bool)
    same = np.ones(merged.num_rows - 1, dtype=bool)
    for key in KEYS:
        values = merged[key].to_numpy()
        same &= values[1:] == values[:-1]
    last_of_key[:-1] = ~same
    return merged.filter(pa.array(last_of_key))
