"""What `products` says of a store's product: a row of the store goes before the row for all stores, value by value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.external import ALL_STORES
from contracts import files
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


ByStore = Mapping[str, Mapping[str, Any]]
"""By store a value of each product that has one; only stores with rows of their own, and ALL_STORES for the others."""


def by_store(products: pa.Table | None, column: str) -> ByStore:
    """What a column says of each product in each store; an identifier, or days since 1970-01-01.

    Args:
        products: checked rows; None: there is no such file.
        column: need not be there.
    """
    found: dict[str, dict[str, Any]] = {ALL_STORES: {}}
    if products is None or column not in products.column_names:
        return found
    columns = (products[name].to_pylist() for name in ("store_id", "product_id", column))
    for store, product, value in zip(*columns, strict=True):
        if value not in (None, ""):
            found.setdefault(store, {})[product] = value
    return {store: found[ALL_STORES] | own for store, own in found.items()}


def of_store(values: ByStore, store: str) -> Mapping[str, Any]:
    """The values that hold for a store, by product."""
    return values.get(store, values.get(ALL_STORES, {}))


def of_products(folder: str, column: str) -> ByStore:
    """What a column said of products when the rows of an artifact were written."""
    path = Path(folder, files.OF_PRODUCTS[column])
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
