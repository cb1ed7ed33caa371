"""What `products` says of a store's product: a row of the store goes before the row for all stores, value by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.external import ALL_STORES
from contracts.rows import index_in, single

_KEY = ("product_id", "store_id")


@dataclass(frozen=True)
class ProductLookup:
    """The rows of `products` that speak of some series.

    Attributes:
        table: checked rows; store_id is empty in those for all stores.
        own: of each series the row of its store, [N]; null: none.
        general: of each series the row for all stores, [N]; null: none.
    """

    table: pa.Table
    own: pa.Array
    general: pa.Array

    @classmethod
    def of(cls, table: pa.Table, stores: pa.Array, products: pa.Array) -> ProductLookup:
        """Finds the rows of series by their stores and products, both [N]."""
        everywhere = pa.array([ALL_STORES] * len(stores), pa.string())
        own, general = (
            index_in({"product_id": products, "store_id": store}, table, _KEY)
            for store in (stores, everywhere)
        )
        return cls(table, own, general)

    @property
    def known(self) -> np.ndarray:
        """Which series have a row, [N]."""
        return np.asarray(pc.or_(self.own.is_valid(), self.general.is_valid()))

    def values(self, name: str) -> pa.Array:
        """A column's values, [N]; null where neither row has one. Identifiers are text."""
        values = single(self.table[name])
        if pa.types.is_dictionary(values.type):
            words = values.dictionary_decode()
            values = pc.if_else(pc.equal(words, ""), None, words)
        return pc.coalesce(values.take(self.own), values.take(self.general))


def predecessors(products: pa.Table | None) -> dict[str, dict[str, str]]:
    """By store the product that each product follows there, of those that follow one.

    Only stores with rows of their own have an entry; that of ALL_STORES, which is always there, holds for the others.

    Args:
        products: checked rows; None: there is no such file.
    """
    found: dict[str, dict[str, str]] = {ALL_STORES: {}}
    if products is None or "follows" not in products.column_names:
        return found
    columns = (products[name].to_pylist() for name in ("store_id", "product_id", "follows"))
    for store, product, before in zip(*columns, strict=True):
        if before:
            found.setdefault(store, {})[product] = before
    return {store: found[ALL_STORES] | own for store, own in found.items()}
