"""What is known of the time after the last sale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataRejected
from components.example_generation.contract import EXTERNAL, FILES, SALES, contract_file
from components.example_generation.external import ExternalLookup
from components.example_generation.ingest import Prepared, check_piece, prepare
from components.example_generation.keys import ranks
from components.example_generation.options import DataOptions
from components.rows import single


def known_future(folder: Path | str, options: DataOptions | None = None) -> pa.Table:
    """What external_factors says of the time after the last sale, in the columns known in advance.

    Args:
        folder: the files of the data contract.
        options: names the columns (`known_future`).

    Returns:
        date (int64, days since 1970-01-01), store_id, and each known column that the file has, as in the
        rows; one row for each store of sales_data and each later date that the file names, sorted by store
        and date. The file's row of a store goes before its row of all stores, value by value.

    Raises:
        UserError: there is no such folder.
        DataRejected: external_factors breaks the contract.
    """
    prepared = prepare(folder, options or DataOptions())
    options, small = prepared.options, prepared.small
    blocking = [p for p in small.part.problems if contract_file(p.file) == EXTERNAL]
    if blocking and (options.quarantine is None or any(not p.rows for p in blocking)):
        raise DataRejected(blocking)
    stores, last = _stores_and_last_day(prepared)
    columns = {n: k for n, k in small.external_columns.items() if n in options.known_future}
    days = np.zeros(0, np.int64)
    if small.external is not None and last is not None:
        days = np.unique(single(small.external["date"]).to_numpy(zero_copy_only=False)).astype(np.int64)
        days = days[days > last]
    store = np.repeat(np.arange(len(stores)), days.size)
    every = np.tile(days, len(stores))
    table = {"date": pa.array(every), "store_id": stores.take(pa.array(store))}
    if small.external is not None:
        table.update(ExternalLookup.of(small.external, tuple(columns)).find(every, store, stores))
    return pa.table(table)


def _stores_and_last_day(prepared: Prepared) -> tuple[pa.Array, int | None]:
    stores: list[pa.Array] = [pa.array([], pa.string())]
    last: list[int] = []
    for piece in prepared.pieces:
        if piece.file != SALES:
            continue
        narrow = replace(piece, columns=tuple(c for c in piece.columns if c in FILES[SALES].key))
        for rows, _ in check_piece(narrow, prepared.options, prepared.weekday):
            if rows is not None and rows.num_rows:
                _, names = ranks(rows["store_id"])
                stores.append(names)
                last.append(pc.max(rows["date"]).as_py())
    return ranks(pa.concat_arrays(stores))[1], max(last, default=None)
