"""Products that follow others: whom they name must be there, and nobody is his own predecessor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.joining.products import by_store, of_store
from contracts.errors import Problem

_REMEDY = "Name the product that it succeeds as the files name it, or leave it empty"


def check_follows(products: pa.Table | None, sold: Iterable[str], names: Mapping[int, str]) -> list[Problem]:
    """What is wrong with the predecessors that products name.

    Args:
        products: checked rows; None: there is no such file.
        sold: products with sales, which need not be in the file.
        names: the file of each part, by number.
    """
    if products is None or "follows" not in products.column_names:
        return []
    before = by_store(products, "follows")
    known = {*products["product_id"].to_pylist(), *sold}
    named = [bool(name) for name in products["follows"].to_pylist()]
    products = products.filter(pa.array(named, pa.bool_()))
    rows = products.select(["product_id", "store_id", "follows"]).to_pylist()
    problems = []
    steps = [_itself(row["product_id"], of_store(before, row["store_id"])) for row in rows]
    unknown = [row["follows"] not in known for row in rows]
    for rule, message, wrong in (
        ("follows_itself", "a product follows itself", [step == 1 for step in steps]),
        ("follows_in_a_circle", "products follow each other in a circle", [step > 1 for step in steps]),
        ("follows_unknown", "there is no such product", unknown),
    ):
        found = np.flatnonzero(wrong)
        said = [rows[index]["follows"] for index in found]
        problems += problems_by_file(
            products, found, names, said.__getitem__, rule, message, _REMEDY, "follows"
        )
    return problems


def _itself(product: str, before: Mapping[str, str]) -> int:
    """After how many steps a product comes to itself; 0: never."""
    step, at = 0, product
    while at in before and step <= len(before):
        step, at = step + 1, before[at]
        if at == product:
            return step
    return 0
