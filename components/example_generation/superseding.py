"""Rows of later files in the place of earlier ones: of each key the last file that names it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.rules import PART
from contracts.rows import KEYS, index_in, single

_SCHEMA = pa.schema(
    [("store_id", pa.string()), ("product_id", pa.string()), ("date", pa.int64()), (PART, pa.int64())]
)


def last_parts(tables: Sequence[pa.Table]) -> pa.Table:
    """Of each key of some checked rows the last part that names it: store_id, product_id, date and part."""
    narrow = [table.select(_SCHEMA.names).cast(_SCHEMA) for table in tables]
    summed = (
        pa.concat_tables([_SCHEMA.empty_table(), *narrow]).group_by(list(KEYS)).aggregate([(PART, "max")])
    )
    return pa.table({**{name: summed[name] for name in KEYS}, PART: summed[f"{PART}_max"]})


def in_force(rows: pa.Table, last: pa.Table) -> pa.Table:
    """The checked rows that no later part says anew.

    Args:
        rows: of any parts, each in full.
        last: ``last_parts`` of the later files, whose parts have the higher numbers.
    """
    dates = pc.is_in(single(rows["date"]).cast(pa.int64()), value_set=pc.unique(single(last["date"])))
    suspects = np.flatnonzero(np.asarray(dates))
    if not suspects.size:
        return rows
    some = rows.select([*KEYS, PART]).take(pa.array(suspects))
    some = some.set_column(some.column_names.index("date"), "date", some["date"].cast(pa.int64()))
    part = single(last[PART]).take(index_in(some, last, KEYS)).fill_null(-1)
    over = np.asarray(part) > np.asarray(single(some[PART]))
    if not over.any():
        return rows
    keep = np.ones(rows.num_rows, dtype=bool)
    keep[suspects[over]] = False
    return rows.filter(pa.array(keep))
