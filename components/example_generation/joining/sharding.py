"""Which shard a series belongs to: the same in every process, on every machine and for good."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.arrays import Integers
from contracts.rows import FLAT, single


def _digests(words: pa.Array, person: bytes) -> NDArray[np.uint64]:
    """A 64-bit digest of each word. Words are few (distinct identifiers), so the loop is short."""
    digests = (
        hashlib.blake2b(word.encode(), digest_size=8, person=person).digest() for word in words.to_pylist()
    )
    return np.frombuffer(b"".join(digests), dtype="<u8") if len(words) else np.zeros(0, "<u8")


def shard_numbers(store: pa.Array, product: pa.Array, shards: int) -> Integers:
    """Shard of each row, by store and product alone.

    Args:
        store: identifiers as text or a dictionary of text, [N].
        product: the same.

    Returns:
        Numbers from 0 to shards - 1, int64 [N].
    """
    mixed = np.zeros(len(store), dtype=np.uint64)
    for column, person in ((store, b"store"), (product, b"product")):
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        part = _digests(coded.dictionary, person)[coded.indices.to_numpy(zero_copy_only=False)]
        # The two digests are independent (different persons), so their sum is as even as each of them.
        mixed = mixed + part
    return (mixed % np.uint64(shards)).astype(np.int64)


def split_by_shard(table: pa.Table, shards: int) -> list[tuple[int, pa.Table]]:
    """Rows of each shard that occurs, in the order in which they came."""
    if table.num_rows == 0:
        return []
    number = shard_numbers(single(table["store_id"]), single(table["product_id"]), shards)
    # NumPy sorts 16 bits by counting, and more of them by comparing.
    order = np.argsort(number.astype(np.uint16) if shards <= 1 << 16 else number, kind="stable")
    ordered = table.take(pa.array(order))
    bounds = np.append(0, np.cumsum(np.bincount(number, minlength=shards)))
    return [
        (shard, ordered.slice(bounds[shard], bounds[shard + 1] - bounds[shard]))
        for shard in np.flatnonzero(np.diff(bounds)).tolist()
    ]


def write_by_shard(table: pa.Table, shards: int, path: str) -> list[int]:
    """Writes the rows of each shard that occurs as one record batch of an Arrow file.

    Args:
        table: with store_id and product_id; at least one row.

    Returns:
        The shard of each record batch.
    """
    parts = split_by_shard(table, shards)
    with pa.ipc.new_file(path, table.schema, options=FLAT) as writer:
        for _, part in parts:
            writer.write_batch(
                pa.RecordBatch.from_arrays([single(c) for c in part.columns], schema=part.schema)
            )
    return [shard for shard, _ in parts]


def read_of_shard(path: str, batch: int) -> pa.Table:
    """One record batch of such a file."""
    with pa.memory_map(path) as file:
        return pa.Table.from_batches([pa.ipc.open_file(file).get_batch(batch)])
