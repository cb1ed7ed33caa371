"""The rows of a span as the checks look at them: a data frame, and what is known of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.products import ByStore, of_store
from contracts.arrays import Flags
from contracts.dates import to_date
from contracts.rows import KEYS, SERIES_KEYS, read_shard, stack

SERIES = list(SERIES_KEYS)
WEEKS_COMPARED = 4


@dataclass(frozen=True)
class BatchRows:
    """All rows of one span.

    Attributes:
        frame: one row for each store, product and date; ``date`` in days since 1970-01-01; missing numbers are NaN,
            missing texts None.
        period_days: days from one row of a series to the next.
        external: columns that came from external_factors.
        until: the last day of products that are sold for a time, days since 1970-01-01.
    """

    frame: pd.DataFrame
    period_days: int
    external: tuple[str, ...] = ()
    until: ByStore = field(default_factory=dict)

    @property
    def last_day(self) -> int:
        return int(self.frame["date"].max())

    @property
    def last_date(self) -> str:
        """The newest date, ISO 8601."""
        return str(to_date(self.last_day))

    def without_delisted(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Of a frame the rows of series that are still to be sold at the newest of these dates."""
        if not any(self.until.values()):
            return frame
        series = frame[SERIES].drop_duplicates()
        gone = series[are_delisted(series["store_id"], series["product_id"], self.until, self.last_day)]
        return frame[~pd.MultiIndex.from_frame(frame[SERIES]).isin(pd.MultiIndex.from_frame(gone))]

    def newest(self, weeks: int) -> pd.DataFrame:
        """The rows of the last whole weeks: every weekday as often as any other."""
        return self.frame[self.frame["date"] > self.last_day - 7 * weeks]

    def merged(self, earlier: BatchRows | None, columns: Sequence[str], after: int) -> pd.DataFrame:
        """These rows and those of an earlier span that they do not hold themselves, keys and ``columns`` alone.

        Of the earlier span nothing that is later than the newest of these rows: a batch may be cut at a date before it.

        Args:
            after: dates up to this one, days since 1970-01-01, are left out.
        """
        names = [*KEYS, *(name for name in columns if name in self.frame)]
        mine = self.frame.loc[self.frame["date"] > after, names]
        if earlier is None:
            return mine
        dates = earlier.frame["date"]
        there = [name for name in names if name in earlier.frame]
        known = earlier.frame.loc[(dates > after) & (dates <= self.last_day), there].reindex(columns=names)
        return pd.concat([known, mine]).drop_duplicates(list(KEYS), keep="last")


def load_table(paths: Sequence[str]) -> pa.Table:
    """Reads the shards of one span (contracts.rows) into memory, flat and of the types that were written."""
    return stack([read_shard(path) for path in paths])


def are_delisted(stores: Iterable[str], products: Iterable[str], until: ByStore, day: int) -> Flags:
    """Which series are sold no more on a day, [N]."""
    ends = [of_store(until, store).get(product, day) for store, product in zip(stores, products, strict=True)]
    return np.array(ends, dtype=np.int64) < day


def rows_of(
    table: pa.Table, period_days: int, external: Sequence[str] = (), until: ByStore | None = None
) -> BatchRows:
    """A span's table as the checks look at it, about 150 bytes a row.

    Args:
        table: of ``load_table``.
        period_days: days from one row of a series to the next.
        external: columns that came from external_factors.
        until: the last day of products that are sold for a time.
    """
    there = tuple(name for name in external if name in table.column_names)
    return BatchRows(table.to_pandas(), period_days, there, until or {})


def newest_week(table: pa.Table) -> pa.Table:
    """The rows of a span's last seven days, with the types that the table has: to pandas a null is a float."""
    last = pc.max(table["date"]).as_py()
    return table if last is None else table.filter(pc.greater(table["date"], last - 7))


def weeks_to_compare(new: BatchRows, old: BatchRows) -> int:
    """Whole weeks that cover what is newer than the old span, 1 to 4; 4 where nothing is newer."""
    days = new.last_day - old.last_day
    return WEEKS_COMPARED if days <= 0 else min(WEEKS_COMPARED, -(-days // 7))
