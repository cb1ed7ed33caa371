"""Which store has rows on which dates, gathered while files are read: where series end, and which dates are astray or
closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.example_generation.checks.stray_dates import stray_days
from components.example_generation.contract import SALES
from components.example_generation.joining.keys import ranks
from components.example_generation.open_days import OpenDays
from components.example_generation.options import DataOptions
from contracts.arrays import Integers
from contracts.dates import to_date, to_days
from contracts.rows import single

_COUNTED = 1 << 22
_USUAL, _THIN = 8.0, 1 / 8
"""A newest date with an eighth of the rows that dates usually have, where these are eight or more, is told."""


def days_seen(rows: pa.Table) -> pa.Table:
    """Rows by store and date: store_id, date (days since 1970-01-01), rows, and ``sold``: those of them with units, or
    with units that nobody knows; in any order.
    """
    days = single(rows["date"]).to_numpy(zero_copy_only=False).astype(np.int64)
    code, stores = ranks(rows["store_id"])
    if days.size == 0:
        return _table(stores, code, days, code, code)
    sold = np.ones(days.size, dtype=bool)
    if "units_sold" in rows.column_names:
        sold = np.asarray(pc.greater(single(rows["units_sold"]), 0).fill_null(True))
    first, width = int(days.min()), int(np.ptp(days)) + 1
    joint = code * width + days - first
    if width * len(stores) <= _COUNTED:
        counts = np.bincount(joint)
        codes = np.flatnonzero(counts)
        counts, of_sold = counts[codes], np.bincount(joint, weights=sold)[codes]
    else:
        codes, inverse, counts = np.unique(joint, return_inverse=True, return_counts=True)
        of_sold = np.bincount(inverse, weights=sold)
    return _table(stores, codes // width, codes % width + first, counts, of_sold)


def _table(
    stores: pa.Array, code: Integers, days: Integers, counts: Integers, sold: NDArray[Any]
) -> pa.Table:
    return pa.table(
        {
            "store_id": stores.take(pa.array(code)),
            "date": days.astype(np.int64),
            "rows": counts.astype(np.int64),
            "sold": sold.astype(np.int64),
        }
    )


def seen_together(tables: Sequence[pa.Table]) -> pa.Table:
    """The sum of such tables."""
    summed = (
        pa.concat_tables(tables).group_by(["store_id", "date"]).aggregate([("rows", "sum"), ("sold", "sum")])
    )
    return pa.table(
        {name: summed[f"{name}_sum" if name in ("rows", "sold") else name] for name in tables[0].column_names}
    )


@dataclass(frozen=True)
class Calendar:
    """The dates of a folder, once all of its large files are read.

    Attributes:
        sold: stores with sales, and
        ends: the newest date of each, closed days after the last sale among them, days since 1970-01-01, [stores].
        last: newest date of the sales that count; None where there is none.
        strays: by file the dates that are taken for mistyped, rising, and
        body: by file the first and the last of the others.
        seen: sales by store and date, of the dates that count.
        open_days: when the stores with sales are open.
        notes: what is to be said of the dates.
    """

    sold: pa.Array
    ends: Integers
    last: int | None
    strays: Mapping[str, Integers]
    body: Mapping[str, tuple[int, int]]
    seen: pa.Table
    open_days: OpenDays
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        seen: Iterable[Mapping[str, Sequence[pa.Table]]],
        options: DataOptions,
        store_calendar: pa.Table | None,
    ) -> Calendar:
        """From what the workers have seen.

        Args:
            seen: by file, ``days_seen`` of some rows, from each worker.
            options: choices of the contract.
            store_calendar: its checked rows; None: there is no such file.
        """
        tables: dict[str, list[pa.Table]] = {SALES: [_table(pa.array([], pa.string()), *_NOTHING)]}
        for part in seen:
            for name, found in part.items():
                tables.setdefault(name, []).extend(found)
        whole = {name: until(seen_together(found), options.as_of) for name, found in tables.items()}
        strays, body = {}, {}
        for name, table in whole.items():
            days, rows = by_date(table)
            strays[name] = stray_days(days, rows, options.period_days)
            kept = np.setdiff1d(days, strays[name])
            if kept.size:
                body[name] = int(kept[0]), int(kept[-1])
        sales = whole[SALES]
        sales = sales.filter(
            pc.invert(pc.is_in(sales["date"], value_set=pa.array(strays[SALES], pa.int64())))
        )
        _, stores = ranks(sales["store_id"])
        last = pc.max(sales["date"]).as_py()
        open_days = OpenDays.of(sales, stores, store_calendar, options.period_days)
        notes = tuple(filter(None, [_note(sales), *open_days.notes()]))
        return cls(stores, open_days.last_days, last, strays, body, sales, open_days, notes)

    def end_of(self, stores: pa.Array) -> Integers:
        """The newest date of each of some stores with sales."""
        return np.asarray(self.ends[pc.index_in(stores, value_set=self.sold).to_numpy(zero_copy_only=False)])


_NOTHING = (np.zeros(0, np.int64),) * 4


def until(rows: pa.Table, as_of: date | None) -> pa.Table:
    """The rows up to a date, all of them where none is given."""
    return rows if as_of is None else rows.filter(pc.less_equal(rows["date"], to_days(as_of)))


def by_date(seen: pa.Table) -> tuple[Integers, Integers]:
    """Distinct dates, rising, and the rows of each."""
    days, inverse = np.unique(seen["date"].to_numpy(), return_inverse=True)
    rows = np.zeros(days.size, np.int64)
    np.add.at(rows, inverse.reshape(-1), seen["rows"].to_numpy())
    return days, rows


def _note(sales: pa.Table) -> str:
    days, rows = by_date(sales)
    usual = float(np.median(rows)) if rows.size else 0.0
    if days.size < 2 or usual < _USUAL or rows[-1] > usual * _THIN:
        return ""
    few = f"{rows[-1]} row{'s' if rows[-1] > 1 else ''}"
    return (
        f"the newest date of {SALES}, {to_date(days[-1])}, has {few}, where a date usually has {usual:.0f}: if it is "
        f"mistyped or not complete yet, correct it or give --as-of {to_date(days[-2])}"
    )
