"""The rows of some series as they are with other files: read again from what is kept, merged and joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.calendar import Calendar, days_seen, seen_together, until
from components.example_generation.ingest import LARGE, Joined, Prepared, finish_shard
from components.example_generation.joining.sharding import shard_numbers
from components.example_generation.superseding import in_force
from contracts.errors import DataRejected
from contracts.rows import single
from pipeline.orders.changes.kept import Kept, folder_rows
from pipeline.orders.changes.series import only


@dataclass(frozen=True)
class Sources:
    """The folder, and the files that came after it.

    Attributes:
        kept: has the folder's rows, which lie in
        blocks.
        prepared: the folder with the files, and
        later: their rows by contract file.
    """

    kept: Kept
    blocks: Path
    prepared: Prepared
    later: Mapping[str, pa.Table]

    def merged(self, series: pa.Table) -> Iterator[tuple[int, dict[str, list[pa.Table]]]]:
        """The checked rows of some series by contract file, shard by shard, whatever their dates."""
        options = self.prepared.options
        number = shard_numbers(single(series["store_id"]), single(series["product_id"]), options.shards)
        for shard in np.unique(number).tolist():
            some = series.filter(pa.array(number == shard))
            tables = folder_rows(self.blocks, self.kept.places.get(shard, ()), some, self.kept.first_later)
            for file in LARGE:
                if file in self.later:
                    tables[file].append(only(self.later[file], some))
                    tables[file] = [
                        in_force(rows, self.prepared.superseded[file])
                        for rows in tables[file]
                        if rows.num_rows
                    ]
            yield shard, tables

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


def calendar_with(before: Sources, after: Sources, series: pa.Table) -> tuple[dict[str, pa.Table], Calendar]:
    """Rows by store and date, and the dates, once the rows of some series are others."""
    seen: dict[str, list[pa.Table]] = {file: [table] for file, table in before.kept.seen.items()}
    for sources, sign in ((before, -1), (after, 1)):
        for _, tables in sources.merged(series):
            for file, found in tables.items():
                counts = [_times(days_seen(rows), sign) for rows in found if rows.num_rows]
                seen.setdefault(file, []).extend(counts)
    whole = {file: _there(seen_together(tables)) for file, tables in seen.items() if tables}
    small = after.prepared.small
    told = {file: [table] for file, table in whole.items()}
    return whole, Calendar.of([told], after.prepared.options, small.store_calendar)


def sources_of(kept: Kept, blocks: Path) -> Sources:
    """The sources that a plan was made from."""
    return Sources(kept, blocks, kept.prepared, kept.later)


def with_files(sources: Sources, prepared: Prepared, later: Mapping[str, pa.Table]) -> Sources:
    """The same folder with other files."""
    return replace(sources, prepared=prepared, later=later)


def _times(seen: pa.Table, sign: int) -> pa.Table:
    for name in ("rows", "sold"):
        seen = seen.set_column(seen.column_names.index(name), name, pc.multiply(seen[name], sign))
    return seen


def _there(seen: pa.Table) -> pa.Table:
    return seen.filter(pc.greater(seen["rows"], 0))
