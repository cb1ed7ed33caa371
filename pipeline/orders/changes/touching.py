"""What new rows touch of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from components.example_generation.ingest import Prepared
from components.example_generation.joining.future import known_future
from components.example_generation.joining.products import by_store
from pipeline.orders.changes.kept import Kept
from pipeline.orders.changes.rows_again import FolderRows, Sources, calendar_with
from pipeline.orders.changes.series import series_in
from pipeline.orders.changes.touched import AllAnew, of_stores, stores_apart, with_followers
from pipeline.orders.planning.unsold import KnownIds


@dataclass(frozen=True)
class NewRows:
    """Files that came after the folder, all of them, and what of them was not there before.

    Attributes:
        changes: their names and digests.
        prepared: the folder with them, and
        later: their rows by contract file.
        fresh: rows that were not there before, and rows that are there no more, each with some.
    """

    changes: frozenset[tuple[str, str]]
    prepared: Prepared
    later: Mapping[str, pa.Table]
    fresh: Sequence[pa.Table]


@dataclass(frozen=True)
class Touch:
    """What new rows touch.

    Attributes:
        kept: with the new rows' files and dates, and nothing planned yet.
        sources: of its rows.
        series: to be asked for again.
        moved: those of them whose stores tell of other dates now.
        fresh: as of ``NewRows``.
    """

    kept: Kept
    sources: Sources
    series: pa.Table
    moved: pa.Table
    fresh: Sequence[pa.Table]


def touch(kept: Kept, blocks: Path, new: NewRows) -> Touch:
    """What new rows touch: their series, all series of a store that tells of another date now or is open on others, and
    all that lend to any of these or are lent to by them.

    Args:
        kept: of the plan as it is.
        blocks: folder of the rows that are kept.
        new: what has come.

    Raises:
        AllAnew: all must be planned again.
    """
    folder = FolderRows(kept, blocks)
    before, after = (Sources(folder, of.prepared, of.later) for of in (kept, new))
    around, then = new.prepared.surroundings(), kept.prepared.surroundings()
    if (around.sales_columns, around.inventory_columns) != (then.sales_columns, then.inventory_columns):
        raise AllAnew("a file has a column that there was not before")
    small, named = new.prepared.small, series_in(*new.fresh)
    seen, calendar = calendar_with(kept, before, after, named)
    every = series_in(kept.scored, named)
    moved = of_stores(every, stores_apart(kept.calendar, calendar))
    series = with_followers(series_in(named, moved), every, by_store(small.products, "follows"))
    known = KnownIds(
        kept.known.stores | set(named["store_id"].to_pylist()),
        kept.known.products | set(named["product_id"].to_pylist()),
    )
    found = replace(
        kept,
        changes=new.changes,
        prepared=new.prepared,
        later=new.later,
        future=known_future(small, new.prepared.options, calendar),
        known=known,
        seen=seen,
        calendar=calendar,
    )
    return Touch(found, after, series, moved, new.fresh)
