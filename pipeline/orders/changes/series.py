"""Tables by series: which rows are of some series, and others in their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.arrays import Flags, Integers
from contracts.rows import SERIES_KEYS, single, stack

_TEXTS = pa.schema([(name, pa.string()) for name in SERIES_KEYS])


def series_in(*tables: pa.Table) -> pa.Table:
    """The series of some tables, each once: store_id and product_id, in any order."""
    narrow = [table.select(SERIES_KEYS).cast(_TEXTS) for table in tables]
    return pa.concat_tables([_TEXTS.empty_table(), *narrow]).group_by(list(SERIES_KEYS)).aggregate([])


def are_of(table: pa.Table, series: pa.Table) -> Flags:
    """Which rows are of these series."""
    found = [_codes(single(table[name]), pc.unique(single(series[name]))) for name in SERIES_KEYS]
    own = [_codes(single(series[name]), pc.unique(single(series[name]))) for name in SERIES_KEYS]
    width = int(own[1].max(initial=0)) + 1
    there = np.zeros((int(own[0].max(initial=0)) + 1) * width + 1, dtype=bool)
    there[own[0] * width + own[1]] = True
    # The last one stands for what is of none of these stores or products.
    known = (found[0] >= 0) & (found[1] >= 0)
    return np.asarray(there[np.where(known, found[0] * width + found[1], -1)])


def _codes(values: pa.Array, words: pa.Array) -> Integers:
    """Index of each text among some words, -1 where it is none of them."""
    if pa.types.is_dictionary(values.type):
        of_words = _codes(values.dictionary, words)
        return np.asarray(of_words[values.indices.to_numpy(zero_copy_only=False)])
    index = pc.index_in(values.cast(pa.string()), value_set=words.cast(pa.string())).fill_null(-1)
    return np.asarray(index.to_numpy(zero_copy_only=False).astype(np.int64))


def only(table: pa.Table, series: pa.Table) -> pa.Table:
    """The rows of these series."""
    return table.filter(pa.array(are_of(table, series)))


def replaced(table: pa.Table, series: pa.Table, rows: pa.Table, by: Sequence[str] = SERIES_KEYS) -> pa.Table:
    """A table with other rows in the place of all of these series, sorted."""
    whole = stack([table.filter(pa.array(~are_of(table, series))), rows])
    return whole.take(pc.sort_indices(whole, [(name, "ascending") for name in by]))
