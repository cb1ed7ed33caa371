"""Checked rows that break a rule, told of by the files that they are from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from components.example_generation.checks.findings import SHOWN
from components.example_generation.checks.rules import PART, ROW
from contracts.arrays import Integers
from contracts.errors import Problem
from contracts.rows import single


def problems_by_file(
    table: pa.Table,
    wrong: Integers,
    names: Mapping[int, str],
    text: Callable[[int], str],
    rule: str,
    message: str,
    remedy: str,
    column: str | None = None,
) -> list[Problem]:
    """One problem for each file that holds some of the rows, with the first of them.

    Args:
        table: checked rows.
        wrong: indices of the rows, [W].
        names: the file of each part, by number.
        text: what is shown of a row, by its place in ``wrong``.
    """
    part, row = (single(table[name]).to_numpy(zero_copy_only=False)[wrong] for name in (PART, ROW))
    problems = []
    for number in np.unique(part).tolist():
        here = np.flatnonzero(part == number)
        shown = here[np.argsort(row[here], kind="stable")][:SHOWN]
        problems.append(
            Problem(
                names[number],
                rule,
                message,
                remedy,
                column=column,
                count=here.size,
                rows=tuple(row[shown].tolist()),
                values=tuple(text(place) for place in shown.tolist()),
            )
        )
    return problems
