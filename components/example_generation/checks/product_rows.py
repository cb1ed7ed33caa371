"""What the values of a product must not say together, be they of one row or of a store's and of the row for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.checks.findings import as_text
from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.joining.targets import CYCLE, FILL
from contracts.arrays import Integers
from contracts.errors import Problem
from contracts.rows import SERIES_KEYS, single


@dataclass(frozen=True)
class Contradiction:
    """A rule that rows break.

    Attributes:
        wrong: their indices, at least one.
        values: what they say in the column, as text, in their order.
    """

    rule: str
    column: str
    message: str
    remedy: str
    wrong: Integers
    values: list[str]

    def problems(self, products: pa.Table, names: Mapping[int, str]) -> list[Problem]:
        """One for each file with such rows.

        Args:
            products: checked rows.
            names: the file of each part, by number.
        """
        return problems_by_file(
            products,
            self.wrong,
            names,
            self.values.__getitem__,
            self.rule,
            self.message,
            self.remedy,
            self.column,
        )


def contradictions(products: pa.Table) -> list[Contradiction]:
    """What rows of products contradict themselves in, or the row for all, by the values that hold for their store.

    Args:
        products: checked rows, each key once.
    """
    keys = {name: single(products[name]).cast(pa.string()) for name in SERIES_KEYS}
    rows = StoreRows.of(products, keys)

    def values(name: str) -> pa.Array:
        return rows.values(name) if name in products.column_names else pa.nulls(products.num_rows, pa.int32())

    free = (pc.equal(values(name), 0) for name in ("holding_cost", "shortage_cost"))
    checks = (
        (
            pc.and_(*free),
            "no_costs",
            "holding_cost",
            values("holding_cost"),
            "holding_cost and shortage_cost are both 0, so that no stock level is cheapest",
            "Give at least one of them, or leave both empty",
        ),
        (
            pc.less(values("active_until"), values("active_from")),
            "active_until_before_active_from",
            "active_until",
            values("active_until").cast(pa.date32()),
            "active_until lies before active_from",
            "Correct one of them, or leave it empty",
        ),
        (
            pc.less(values("shelf_capacity"), values("presentation_stock")),
            "shelf_too_small",
            "presentation_stock",
            values("presentation_stock"),
            "presentation_stock is more than shelf_capacity, so that it finds no room",
            "Correct one of them, or leave it empty",
        ),
        (
            pc.and_(values(CYCLE).is_valid(), values(FILL).is_valid()),
            "two_targets",
            CYCLE,
            single(products["product_id"]).cast(pa.string()),
            f"{CYCLE} and {FILL} are both given, and each asks for a shortage cost of its own",
            "Give one of them for these products, in the rows of stores as in the row for all",
        ),
    )
    return [
        Contradiction(rule, column, message, remedy, wrong, as_text(said, wrong))
        for broken, rule, column, said, message, remedy in checks
        if (wrong := np.flatnonzero(np.asarray(broken.fill_null(False)))).size
    ]
