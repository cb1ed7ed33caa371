"""Tables by series: which rows are of some series, and others in their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.arrays import Flags
from contracts.rows import SERIES_KEYS, index_in, stack

_TEXTS = pa.schema([(name, pa.string()) for name in SERIES_KEYS])


def series_in(*tables: pa.Table) -> pa.Table:
    """The series of some tables, each once: store_id and product_id, in any order."""
    narrow = [table.select(SERIES_KEYS).cast(_TEXTS) for table in tables]
    return pa.concat_tables([_TEXTS.empty_table(), *narrow]).group_by(list(SERIES_KEYS)).aggregate([])


def are_of(table: pa.Table, series: pa.Table) -> Flags:
    """Which rows are of these series."""
    if not series.num_rows:
        return np.zeros(table.num_rows, dtype=bool)
    return np.asarray(index_in(table, series, SERIES_KEYS).is_valid())


def only(table: pa.Table, series: pa.Table) -> pa.Table:
    """The rows of these series."""
    return table.filter(pa.array(are_of(table, series)))


def replaced(table: pa.Table, series: pa.Table, rows: pa.Table, by: Sequence[str] = SERIES_KEYS) -> pa.Table:
    """A table with other rows in the place of all of these series, sorted."""
    whole = stack([table.filter(pa.array(~are_of(table, series))), rows])
    return whole.take(pc.sort_indices(whole, [(name, "ascending") for name in by]))
