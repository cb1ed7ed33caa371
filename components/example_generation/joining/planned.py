"""What was planned for a store, a product and a date, and how far the plan reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.options import DataOptions
from contracts.columns import COVERED, NOTHING_PLANNED, PLANNED_AS
from contracts.rows import KEYS

_FOR_EVER = int(np.iinfo(np.int32).max)


@dataclass(frozen=True)
class Plan:
    """The checked rows of planned_prices.

    A row of a store goes before the row of all stores, value by value. Between its first date and the last with a value
    in a column, the plan is whole: a product that it does not name has no promotion and no discount then.

    Attributes:
        table: date (days since 1970-01-01), store_id, product_id, and the columns that the file has.
        first: first date that it covers.
        last: by column, the last date that it covers.
    """

    table: pa.Table
    first: int
    last: Mapping[str, int]

    @classmethod
    def of(cls, table: pa.Table) -> Plan:
        """Args: table: checked rows, each key once."""
        columns = [name for name in PLANNED_AS if name in table.column_names]
        table = table.select([*KEYS, *columns])
        last = {}
        for name in columns:
            newest = pc.max(table["date"].filter(table[name].is_valid())).as_py()
            if newest is not None:
                last[name] = int(newest)
        first = pc.min(table["date"]).as_py()
        return cls(table, _FOR_EVER if first is None else int(first), last)

    def ahead(self, begin: int, last_sale: int, options: DataOptions) -> Plan:
        """What it says of the time after a date; beyond the last sale as far as the settings say, where they do."""
        last = dict(self.last)
        for name in self.table.column_names:
            known = options.known_ahead.get(name)
            if known is not None:
                wanted = _FOR_EVER if known == "all" else last_sale + known * options.period_days
                last[name] = max(last.get(name, wanted), wanted)
        later = self.table.filter(pc.greater(self.table["date"], begin))
        return replace(self, table=later, first=min(self.first, last_sale + 1), last=last)

    def reach(self, column: str, last_sale: int, period_days: int) -> int:
        """How many periods after the last sale a column is planned for; 0 where it is not."""
        return max((self.last.get(column, last_sale) - last_sale) // period_days, 0)

    def find(self, keys: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The columns of ``PLANNED_AS`` that the file has, and ``COVERED``, for some rows.

        Args:
            keys: store_id, product_id and date (days since 1970-01-01) of each row.
        """
        days = np.asarray(keys["date"])
        rows = StoreRows.of(self._of(keys), {name: keys[name] for name in KEYS})
        found: dict[str, pa.Array] = {}
        covered = np.zeros(len(days), dtype=bool)
        for name in self.table.column_names:
            if name not in PLANNED_AS:
                continue
            told = rows.values(name)
            if name == "on_promotion":
                told = told.cast(pa.int64())
            inside = (days >= self.first) & (days <= self.last.get(name, -_FOR_EVER))
            covered |= inside
            if name in NOTHING_PLANNED:
                told = told.fill_null(pa.scalar(NOTHING_PLANNED[name]).cast(told.type))
            found[PLANNED_AS[name]] = pc.if_else(pa.array(inside), told, pa.scalar(None, told.type))
        return {COVERED: pa.array(covered.astype(np.int64), mask=days < self.first), **found}

    def _of(self, keys: Mapping[str, pa.Array]) -> pa.Table:
        """The rows that can be of these products and dates: a shard asks for a few of many."""
        days = np.asarray(keys["date"])
        low, high = (int(days.min()), int(days.max())) if days.size else (0, -1)
        date = self.table["date"]
        mask = pc.and_(pc.greater_equal(date, low), pc.less_equal(date, high))
        product = pc.is_in(self.table["product_id"].cast(pa.string()), value_set=keys["product_id"].unique())
        return self.table.filter(pc.and_(mask, product))
