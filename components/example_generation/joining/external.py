"""External factors: the value of each column for a store and a date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.example_generation.joining.keys import ranks
from contracts.arrays import Integers
from contracts.rows import single

ALL_STORES = ""


@dataclass(frozen=True)
class ExternalLookup:
    """Indices of the external rows by store and day.

    A row of a store goes before the row of all stores, value by value: where the store's row leaves a column
    empty, the row of all stores fills it.
    """

    table: pa.Table
    names: tuple[str, ...]
    first_day: int
    stores: pa.Array
    row_index: Integers  # [stores, days] index of the row or -1

    @classmethod
    def of(cls, table: pa.Table, names: tuple[str, ...]) -> ExternalLookup:
        """Index checked rows with the columns date (days), store_id and `names`; each key occurs once."""
        days = single(table["date"]).to_numpy(zero_copy_only=False).astype(np.int64)
        store, stores = ranks(table["store_id"])
        first = int(days.min()) if days.size else 0
        length = int(days.max()) - first + 1 if days.size else 0
        row_index = np.full((len(stores), length), -1, dtype=np.int64)
        row_index[store, days - first] = np.arange(days.size)
        return cls(table, names, first, stores, row_index)

    def find(self, days: Integers, store: Integers, stores: pa.Array) -> dict[str, pa.Array]:
        """Values for some rows.

        Args:
            days: date of each row, days since 1970-01-01.
            store: index of each row's store into `stores`.

        Returns:
            One array for each column, null where nothing is known.
        """
        own = _nullable(self._row_index(days, self._codes(stores)[store]))
        everywhere = self._codes(pa.array([ALL_STORES]))
        if everywhere[0] < 0:
            return {name: single(self.table[name]).take(own) for name in self.names}
        general = _nullable(self._row_index(days, np.broadcast_to(everywhere, days.shape)))
        found = {}
        for name in self.names:
            values = single(self.table[name])
            specific, common = (values.take(row_index) for row_index in (own, general))
            found[name] = pc.coalesce(specific, common) if len(values) else common
        return found

    def _codes(self, stores: pa.Array) -> NDArray[np.int32]:
        found = pc.index_in(stores, value_set=self.stores).fill_null(-1)
        return np.asarray(found.to_numpy(zero_copy_only=False))

    def _row_index(self, days: Integers, store: NDArray[np.int32]) -> Integers:
        if self.row_index.size == 0:
            return np.full(days.shape, -1, dtype=np.int64)
        offset = days - self.first_day
        inside = (offset >= 0) & (offset < self.row_index.shape[1]) & (store >= 0)
        found = self.row_index[np.where(inside, store, 0), np.where(inside, offset, 0)]
        return np.where(inside, found, -1)


def _nullable(row_index: Integers) -> pa.Array:
    return pa.array(np.maximum(row_index, 0), mask=row_index < 0)
