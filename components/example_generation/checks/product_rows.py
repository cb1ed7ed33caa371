"""What the values of one product must not say together, be they of one row or of a store's and of the row for all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import SHOWN, as_text
from components.example_generation.checks.rules import PART, ROW
from components.example_generation.joining.products import ProductLookup
from contracts.errors import Problem
from contracts.rows import single

NO_COSTS = "holding_cost and shortage_cost are both 0, so that no stock level is cheapest"


def contradictory(products: pa.Table) -> np.ndarray:
    """Which rows leave their product, or their store's, without a level that is cheapest, [N]."""
    if not {"holding_cost", "shortage_cost"} <= set(products.column_names):
        return np.zeros(products.num_rows, dtype=bool)
    keys = (single(products[name]).cast(pa.string()) for name in ("store_id", "product_id"))
    rows = ProductLookup.of(products, *keys)
    free = [pc.equal(rows.values(name), 0).fill_null(False) for name in ("holding_cost", "shortage_cost")]
    return np.asarray(pc.and_(*free))


def contradictions(products: pa.Table, wrong: np.ndarray, names: Mapping[int, str]) -> list[Problem]:
    """A problem for each file with such rows.

    Args:
        products: checked rows, each key once.
        wrong: indices of the rows.
        names: the file of each part, by number.
    """
    part, row = (single(products[name]).to_numpy(zero_copy_only=False) for name in (PART, ROW))
    problems = []
    for number in np.unique(part[wrong]).tolist():
        here = wrong[part[wrong] == number]
        here = here[np.argsort(row[here], kind="stable")]
        problems.append(
            Problem(
                names[number],
                "no_costs",
                NO_COSTS,
                "Give at least one of them, or leave both empty",
                column="holding_cost",
                count=int(here.size),
                rows=tuple(int(r) for r in row[here[:SHOWN]]),
                values=tuple(as_text(single(products["holding_cost"]), here[:SHOWN])),
            )
        )
    return problems
