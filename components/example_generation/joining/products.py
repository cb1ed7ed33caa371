"""What `products` says of each product in each store, as small tables that outlive the file."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.example_generation.joining.external import ALL_STORES
from contracts import files

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


def all_order_weekdays(values: ByStore) -> int:
    """All weekdays on which any supplier takes orders, as the sum of 2^k; 0 where none has such days."""
    return functools.reduce(operator.or_, (int(one) for own in values.values() for one in own.values()), 0)


def of_products(folder: str, column: str) -> ByStore:
    """What a column said of products when the rows of an artifact were written."""
    path = Path(folder, files.OF_PRODUCTS[column])
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
