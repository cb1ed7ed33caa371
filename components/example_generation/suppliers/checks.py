"""Whether suppliers and products find each other, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.checks.spellings import listed
from components.example_generation.columns import Column
from components.example_generation.contract import FILES, SUPPLIERS
from components.example_generation.suppliers.weekdays import weekdays_of, words_of
from contracts.columns import MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, SUPPLIER
from contracts.errors import Problem
from contracts.rows import single


def read_weekdays(suppliers: pa.Table, names: Mapping[int, str]) -> tuple[pa.Table, list[Problem]]:
    """The suppliers with their order_weekdays as sums of 2^k, Monday k = 0, and those that name none.

    Args:
        suppliers: checked rows.
        names: the file of each part, by number.
    """
    if ORDER_WEEKDAYS not in suppliers.column_names:
        return suppliers, []
    texts = [text or "" for text in single(suppliers[ORDER_WEEKDAYS]).to_pylist()]
    found = [weekdays_of(text) if text else 0 for text in texts]
    wrong = np.flatnonzero([value is None for value in found])
    column: Column = FILES[SUPPLIERS].column(ORDER_WEEKDAYS)
    problems = problems_by_file(
        suppliers,
        wrong,
        names,
        lambda place: texts[wrong[place]],
        column.rule,
        "is no list of weekdays",
        column.remedy,
        ORDER_WEEKDAYS,
    )
    sums = pa.array([value or 0 for value in found], pa.int64())
    return suppliers.set_column(suppliers.column_names.index(ORDER_WEEKDAYS), ORDER_WEEKDAYS, sums), problems


def unknown_suppliers(
    products: pa.Table | None, suppliers: pa.Table | None, names: Mapping[int, str]
) -> list[Problem]:
    """Products that name a supplier which suppliers does not have.

    Args:
        products, suppliers: checked rows; None: there is no such file.
        names: the file of each part of products, by number.
    """
    if products is None or suppliers is None or SUPPLIER not in products.column_names:
        return []
    named = single(products[SUPPLIER]).cast(pa.string())
    known = pc.is_in(named, value_set=single(suppliers[SUPPLIER]).cast(pa.string()))
    wrong = np.flatnonzero(~np.asarray(known) & (np.asarray(pc.utf8_length(named.fill_null(""))) > 0))
    return problems_by_file(
        products,
        wrong,
        names,
        lambda place: named[int(wrong[place])].as_py(),
        "supplier_unknown",
        f"{SUPPLIERS} has no such supplier",
        f"Give it a row in {SUPPLIERS}, name it as {SUPPLIERS} does, or leave it empty",
        SUPPLIER,
    )


def supplier_notes(
    products: pa.Table | None, suppliers: pa.Table, given: pa.Table | None, weekly: bool
) -> list[str]:
    """What a user should know of the suppliers.

    Args:
        products: checked rows, with the suppliers' terms; None: there is no such file.
        suppliers: checked rows, with order_weekdays as sums of 2^k.
        given: the rows of products as the file has them.
        weekly: whether the data are.
    """
    theirs = single(suppliers[SUPPLIER]).cast(pa.string()).to_pylist()
    named = set[str]()
    if products is not None and SUPPLIER in products.column_names:
        named = set(single(products[SUPPLIER]).cast(pa.string()).to_pylist()) - {""}
    notes = []
    if idle := set(theirs) - named:
        notes.append(f"{len(idle)} of {len(theirs)} {SUPPLIERS} are named by no product: {listed(idle)}")
    notes += _of_order_days(suppliers, theirs, weekly)
    if MINIMUM_ORDER_VALUE in suppliers.column_names:
        asked = [
            (name, value)
            for name, value in zip(theirs, single(suppliers[MINIMUM_ORDER_VALUE]).to_pylist(), strict=True)
            if value
        ]
        if asked:
            notes.append(
                f"{len(asked)} of {len(theirs)} {SUPPLIERS} take no order of a store below a value, such as "
                f"{asked[0][0]} none below {asked[0][1]:,.10g}"
            )
    if products is not None and given is not None and "lead_time" in suppliers.column_names:
        before = given["lead_time"].null_count if "lead_time" in given.column_names else given.num_rows
        empty = products["lead_time"].null_count if "lead_time" in products.column_names else before
        if before > empty:
            notes.append(
                f"{before - empty} of {given.num_rows} rows of products have the lead_time of their supplier"
            )
    return notes


def _of_order_days(suppliers: pa.Table, theirs: list[str], weekly: bool) -> list[str]:
    if ORDER_WEEKDAYS not in suppliers.column_names:
        return []
    days = single(suppliers[ORDER_WEEKDAYS]).to_pylist()
    bound = [i for i, value in enumerate(days) if value]
    if not bound:
        return []
    said = (
        f"products of {len(bound)} of {len(theirs)} {SUPPLIERS} are ordered on some weekdays only, such as those of "
        f"{theirs[bound[0]]} on {words_of(days[bound[0]])}"
    )
    if weekly:
        said = (
            f"{ORDER_WEEKDAYS} of {len(bound)} {SUPPLIERS} are not used, as the data are weekly: their products are "
            "ordered at every review"
        )
    return [said]
