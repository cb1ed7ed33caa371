"""What happened into the store, passing over the dates that say what they said when they were read last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from contracts.dates import to_date
from contracts.rows import KEYS, single
from store.loading import merge_rows

_WORD = np.dtype("V16")


def merge_actuals(
    connection: psycopg.Connection, tables: Iterable[pa.Table], digests: Mapping[date, bytes]
) -> None:
    """Adds rows to the table ``actuals``, and overwrites those with the same key that say something else.

    Each day's files repeat nearly all of the day before, so a hash of every date's rows is kept. Triggers of the
    table drop it as soon as anything of the date is changed, whoever does it.

    Args:
        connection: inside the caller's transaction.
        tables: rows of the table, each key once in all of them; ``date`` is a date, texts have no nulls.
        digests: ``digests_of`` the tables.
    """
    # Whoever else changes actuals waits for us at the triggers, and we for them here: no hash outlives its rows.
    connection.execute("LOCK TABLE actuals_digests IN SHARE ROW EXCLUSIVE MODE")
    known: dict[date, bytes] = dict(connection.execute("SELECT date, digest FROM actuals_digests").fetchall())
    fresh = {day: digest for day, digest in digests.items() if known.get(day) != digest}
    if not fresh:
        return
    days = pa.array(fresh, pa.date32())
    changed = (rows.filter(pc.is_in(rows["date"], value_set=days)) for rows in tables)
    merge_rows(connection, "actuals", changed, KEYS)
    kept = pa.table({"date": days, "digest": [f"\\x{digest.hex()}" for digest in fresh.values()]})
    merge_rows(connection, "actuals_digests", kept, ["date"])


def digests_of(tables: Iterable[pa.Table]) -> dict[date, bytes]:
    """Of each date a hash of its rows, however they lie in tables; the same rows in another order have another one."""
    # Of each date and column one, so that a table need not be there when the next one comes.
    hashes: dict[int, dict[str, hashlib.blake2b]] = {}
    for rows in tables:
        codes = single(rows["date"]).cast(pa.int32()).to_numpy()
        order = np.argsort(codes, kind="stable")
        borders = np.flatnonzero(np.diff(codes[order])) + 1
        days = [int(codes[indices[0]]) for indices in np.split(order, borders) if indices.size]
        for name in rows.column_names:
            if name == "date":
                continue
            values = _plain(single(rows[name]))[order]
            for day, part in zip(days, np.split(values, borders), strict=False):
                begun = hashlib.blake2b(f"{name} {values.dtype} ".encode())
                hashes.setdefault(day, {}).setdefault(name, begun).update(part.view(np.uint8).data)
    return {
        to_date(day): hashlib.blake2b(b"".join(of.digest() for of in columns.values())).digest()
        for day, columns in hashes.items()
    }


def _plain(values: pa.Array) -> NDArray[Any]:
    """Equal values as equal bytes, whatever an array holds under its nulls; texts as hashes of theirs."""
    if pa.types.is_string(values.type):
        coded = values.dictionary_encode()
        words = (
            hashlib.blake2b(word.encode(), digest_size=_WORD.itemsize).digest()
            for word in coded.dictionary.to_pylist()
        )
        return np.asarray(np.frombuffer(b"".join(words), _WORD)[coded.indices.to_numpy()])
    if pa.types.is_boolean(values.type):
        return np.asarray(values.cast(pa.int8()).fill_null(-1).to_numpy())
    return np.asarray(values.fill_null(float("nan")).to_numpy())
