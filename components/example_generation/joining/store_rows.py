"""What a file says for a store: a row of the store goes before the row of all stores, value by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.external import ALL_STORES
from contracts.arrays import Flags
from contracts.rows import index_in, single


@dataclass(frozen=True)
class StoreRows:
    """The rows of a file that speak of some keys.

    Attributes:
        table: checked rows; store_id is empty in those of all stores.
        own: of each key the row of its store, [N]; null: none.
        general: of each key the row of all stores, [N]; null: none.
    """

    table: pa.Table
    own: pa.Array
    general: pa.Array

    @classmethod
    def of(cls, table: pa.Table, keys: Mapping[str, pa.Array]) -> StoreRows:
        """Finds the rows by store_id and further columns, each [N]."""
        everywhere = {**keys, "store_id": pa.array([ALL_STORES] * len(keys["store_id"]), pa.string())}
        return cls(table, *(index_in(wanted, table, list(keys)) for wanted in (keys, everywhere)))

    @property
    def known(self) -> Flags:
        """Which keys have a row, [N]."""
        return np.asarray(pc.or_(self.own.is_valid(), self.general.is_valid()))

    def values(self, name: str) -> pa.Array:
        """A column's values, [N]; null where neither row has one. Identifiers are text."""
        values = single(self.table[name])
        if pa.types.is_dictionary(values.type):
            words = values.dictionary_decode()
            values = pc.if_else(pc.equal(words, ""), None, words)
        return pc.coalesce(values.take(self.own), values.take(self.general))
