"""Rows on disk: Parquet shards that both TFDV and plain Arrow read, and flat files for our own eyes.

TFDV wants every column as a list of values, with a null list for a missing value. Everything else is easier on
flat columns. These functions are the only place that knows of the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.arrays import Floats, Integers

SPLIT = "all"
SERIES_KEYS = ("store_id", "product_id")
KEYS = (*SERIES_KEYS, "date")
OPEN, OPEN_PLANNED, CLOSED_WEEKDAYS = OPEN_COLUMNS = ("open", "open_planned", "closed_weekdays")
"""What rows say of their store's day, where any is closed (components.example_generation.open_days)."""
FLAT = pa.ipc.IpcWriteOptions(compression="lz4")
"""Of flat files: a tenth of the time that Parquet takes, for files that are read once and thrown away."""


def write_shard(table: pa.Table, path: Path | str) -> None:
    """Writes a flat table, each value wrapped into a list of one, each null into a null list."""
    pq.write_table(listed(table), str(path), compression="snappy")


def listed(table: pa.Table) -> pa.Table:
    """A flat table as TFDV reads it."""
    return pa.table({name: _wrap(table[name]) for name in table.column_names})


def _wrap(column: pa.ChunkedArray) -> pa.ListArray:
    values = single(column)
    valid = np.asarray(values.is_valid())
    ends = np.concatenate([[0], np.cumsum(valid)]).astype(np.int32)
    # An offset that is null marks a null list; the last offset is never null.
    offsets = pa.array(ends, mask=np.append(~valid, False)) if not valid.all() else pa.array(ends)
    return pa.ListArray.from_arrays(offsets, values.drop_null())


def read_shard(path: Path | str, columns: list[str] | None = None) -> pa.Table:
    """Reads one shard back into flat columns."""
    table = pq.read_table(str(path), columns=columns)
    return pa.table({name: _unwrap(table[name]) for name in table.column_names})


def _unwrap(column: pa.ChunkedArray) -> pa.Array:
    chunks = []
    for chunk in column.chunks:
        # The first offset of a chunk is not zero where it is a slice of a larger one; flatten respects that.
        flat = chunk.flatten()
        if chunk.null_count:
            indices = np.cumsum(np.asarray(chunk.is_valid())) - 1
            flat = flat.take(pa.array(indices, mask=np.asarray(chunk.is_null())))
        chunks.append(flat)
    if not chunks:
        return pa.array([], column.type.value_type)
    return pa.concat_arrays(chunks)


def write_flat(table: pa.Table, path: Path | str) -> None:
    """Writes a flat table as an Arrow file."""
    with pa.ipc.new_file(str(path), table.schema, options=FLAT) as writer:
        writer.write_table(table)


def read_flat(path: Path | str, columns: Sequence[str] | None = None) -> pa.Table:
    """Reads such a file, or some of its columns in the file's order."""
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        if columns is not None:
            chosen = [index for index, name in enumerate(reader.schema.names) if name in columns]
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=chosen))
        return reader.read_all()


def stack(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables one below the other; a column that one of them lacks is null there.

    A column without any value has no kind of its own (an event in a quiet year), and takes that of the others. Where
    one holds float32 and another float64, as shards of an older version may, all become float64; where one holds
    numbers and another words, all become text.
    """
    fields: dict[str, pa.DataType] = {}
    for filled in (True, False):
        for table in tables:
            for field in table.schema:
                if (table[field.name].null_count < table.num_rows) == filled:
                    known = fields.setdefault(field.name, field.type)
                    if filled:
                        fields[field.name] = _common(known, field.type)
    order = dict.fromkeys(name for table in tables for name in table.column_names)
    return pa.concat_tables(
        pa.table({name: _of_kind(table, name, fields[name]) for name in order}) for table in tables
    )


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    numbers = [pa.types.is_floating(kind) or pa.types.is_integer(kind) for kind in (one, other)]
    return pa.float64() if all(numbers) else pa.string()


def _of_kind(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    if name not in table.column_names or table[name].null_count == table.num_rows:
        return pa.nulls(table.num_rows, kind)
    column = table[name]
    return column if column.type == kind else column.cast(kind)


def index_in(
    wanted: pa.Table | Mapping[str, pa.Array], known: pa.Table | Mapping[str, pa.Array], names: Sequence[str]
) -> pa.Array:
    """Of each row of ``wanted`` the index of the row of ``known`` with its values in these columns; null: none."""
    sought, there = pa.scalar(0), pa.scalar(0)
    for name in names:
        coded = single(known[name]).cast(pa.string()).dictionary_encode()
        code = pc.index_in(single(wanted[name]).cast(pa.string()), value_set=coded.dictionary)
        count = len(coded.dictionary)
        sought = pc.add(pc.multiply(sought, count), code.cast(pa.int64()))
        there = pc.add(pc.multiply(there, count), coded.indices.cast(pa.int64()))
    return pc.index_in(sought, value_set=there, skip_nulls=True)


def single(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One array of a column, whatever its chunks."""
    if isinstance(column, pa.Array):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)  # combining would copy it
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):  # some versions keep a chunked array of one chunk
        return combined.chunk(0) if combined.num_chunks else pa.array([], combined.type)
    return combined


def floats(column: pa.ChunkedArray | pa.Array) -> Floats:
    """Numbers as NumPy computes with them, NaN for null."""
    return np.asarray(single(column).cast(pa.float64()).to_numpy(zero_copy_only=False))


def newest(rows: pa.Table, bounds: Integers, known: str, wanted: str) -> pa.Array:
    """Of each series the value of one column in its newest row in which another is known; null where none is.

    Args:
        rows: flat, sorted by series and date.
        bounds: of the series (``series_bounds``).
        known: column that must have a value; where the table lacks it, nothing is known.
        wanted: column whose value is taken, as int64 of ``date`` and float64 of any other.
    """
    kind = pa.int64() if wanted == "date" else pa.float64()
    if known not in rows.column_names:
        return pa.nulls(len(bounds) - 1, kind)
    there = np.asarray(rows[known].is_valid())
    row = np.maximum.accumulate(np.where(there, np.arange(rows.num_rows), -1))[bounds[1:] - 1]
    return rows[wanted].take(pa.array(row, mask=row < bounds[:-1])).cast(kind)


def series_bounds(table: pa.Table) -> Integers:
    """Start offsets of each series in a table sorted by series, with the number of rows last: shape [S + 1]."""
    if table.num_rows == 0:
        return np.zeros(1, dtype=np.int64)
    changed = np.zeros(table.num_rows - 1, dtype=bool)
    for key in SERIES_KEYS:
        values = single(table[key])
        changed |= np.asarray(pc.not_equal(values[1:], values[:-1]))
    return np.concatenate([[0], np.flatnonzero(changed) + 1, [table.num_rows]]).astype(np.int64)
