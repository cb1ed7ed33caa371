"""The rows of some series as they are with other files: read again from what is kept, merged and joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.calendar import Calendar, days_seen, seen_together, until
from components.example_generation.ingest import LARGE, Joined, Prepared, finish_shard
from components.example_generation.joining.sharding import shard_numbers
from components.example_generation.superseding import in_force
from contracts.errors import DataRejected
from contracts.rows import SERIES_KEYS, single
from pipeline.orders.changes.kept import Kept, folder_rows
from pipeline.orders.changes.series import only

_FEW = 1 << 20
"""Rows of the folder that are kept between two looks at the same series."""


class FolderRows:
    """The rows of series in the folder's own files, which are read again only where they are many."""

    def __init__(self, kept: Kept, blocks: Path) -> None:
        """Args: kept: says where they lie. blocks: folder of what reading has left."""
        self._kept, self._blocks = kept, blocks
        self._known: dict[int, tuple[pa.Table, dict[str, list[pa.Table]]]] = {}
        self._rows = 0

    def of(self, shard: int, series: pa.Table) -> dict[str, list[pa.Table]]:
        """The checked rows of series of a shard, by contract file."""
        if shard in self._known and self._known[shard][0].equals(series):
            return {file: list(tables) for file, tables in self._known[shard][1].items()}
        places = self._kept.places.get(shard, ())
        found = folder_rows(self._blocks, places, series, self._kept.first_later)
        self._rows += sum(table.num_rows for tables in found.values() for table in tables)
        if self._rows <= _FEW:
            self._known[shard] = series, {file: list(tables) for file, tables in found.items()}
        return found


@dataclass(frozen=True)
class Sources:
    """The folder, and the files that came after it.

    Attributes:
        folder: has the folder's rows.
        prepared: the folder with the files, and
        later: their rows by contract file.
    """

    folder: FolderRows
    prepared: Prepared
    later: Mapping[str, pa.Table]

    def merged(self, series: pa.Table) -> Iterator[tuple[int, dict[str, list[pa.Table]]]]:
        """The checked rows of some series by contract file, shard by shard, whatever their dates."""
        for shard, some in by_shard(series, self.prepared.options.shards):
            yield shard, self.merged_of(some, self.folder.of(shard, some))

    def merged_of(self, series: pa.Table, folder: Mapping[str, list[pa.Table]]) -> dict[str, list[pa.Table]]:
        """The same of series whose rows in the folder are read already."""
        tables = {file: list(found) for file, found in folder.items()}
        for file in LARGE:
            if file in self.later:
                tables[file].append(only(self.later[file], series))
                last = self.prepared.superseded[file]
                tables[file] = [in_force(rows, last) for rows in tables[file] if rows.num_rows]
        return tables

    def joined(self, series: pa.Table, calendar: Calendar) -> Iterator[tuple[int, Joined]]:
        """Rows and stock of some series, shard by shard.

        Raises:
            DataRejected: merged they break the contract.
        """
        around, options = self.prepared.surroundings(), self.prepared.options
        for shard, tables in self.merged(series):
            cut = {file: [until(rows, options.as_of) for rows in found] for file, found in tables.items()}
            joined = finish_shard(cut, around, self.prepared.part_names, calendar)
            if joined.part.problems:
                raise DataRejected(joined.part.problems)
            yield shard, joined


def calendar_with(
    kept: Kept, before: Sources, after: Sources, series: pa.Table
) -> tuple[dict[str, pa.Table], Calendar]:
    """Rows by store and date, and the dates, once the rows of some series are others."""
    seen: dict[str, list[pa.Table]] = {file: [table] for file, table in kept.seen.items()}
    for shard, some in by_shard(series, after.prepared.options.shards):
        folder = after.folder.of(shard, some)
        for sources, sign in ((before, -1), (after, 1)):
            for file, tables in sources.merged_of(some, folder).items():
                counts = [_times(days_seen(rows), sign) for rows in tables if rows.num_rows]
                seen.setdefault(file, []).extend(counts)
    whole = {file: _there(seen_together(tables)) for file, tables in seen.items() if tables}
    small = after.prepared.small
    told = {file: [table] for file, table in whole.items()}
    return whole, Calendar.of([told], after.prepared.options, small.store_calendar)


def by_shard(series: pa.Table, shards: int) -> Iterator[tuple[int, pa.Table]]:
    """The series of each shard that has some, sorted."""
    ordered = series.sort_by([(name, "ascending") for name in SERIES_KEYS])
    number = shard_numbers(single(ordered["store_id"]), single(ordered["product_id"]), shards)
    for shard in np.unique(number).tolist():
        yield shard, ordered.filter(pa.array(number == shard))


def _times(seen: pa.Table, sign: int) -> pa.Table:
    for name in ("rows", "sold"):
        seen = seen.set_column(seen.column_names.index(name), name, pc.multiply(seen[name], sign))
    return seen


def _there(seen: pa.Table) -> pa.Table:
    return seen.filter(pc.greater(seen["rows"], 0))
