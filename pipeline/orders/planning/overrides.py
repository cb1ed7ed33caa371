"""People's own quantities: read, checked, and put in the place of the proposal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import merge_problems
from components.example_generation.checks.remarks import Remark, remark_notes
from components.example_generation.checks.rules import check_block
from components.example_generation.columns import Column, FileContract
from components.example_generation.joining.keys import unique_rows
from components.example_generation.reading.dialect import DialectOptions
from components.example_generation.reading.files import read_headers
from components.example_generation.reading.pieces import read_blocks
from contracts.arrays import Floats
from contracts.errors import DataRejected, Problem, UserError, cannot
from contracts.rows import SERIES_KEYS, floats, index_in, single, stack

CONTRACT = FileContract(
    "overrides",
    (
        Column("store_id", "key", "the store", required=True, filled=True),
        Column("product_id", "key", "the product", required=True, filled=True),
        Column(
            "quantity",
            "number",
            "units to order",
            required=True,
            filled=True,
            low=0,
            exact=True,
            rule="negative_quantity",
            remedy="Write the units to order, 0 or more",
        ),
        Column("reason", "text", "why", required=True, filled=True),
        Column("by", "text", "who says so", required=True, filled=True),
        Column("until", "date", "last date of a plan that it counts for", required=True),
    ),
    key=SERIES_KEYS,
)
"""Of the file of overrides."""

_SHOWN = 5
_REMEDY = "Correct the file and plan again"


@dataclass(frozen=True)
class Overrides:
    """The overrides in force on a date.

    Attributes:
        rows: store_id, product_id, quantity (units), reason, by, until (date or null).
        notes: how their file was read, where that is out of the ordinary.
    """

    rows: pa.Table
    notes: tuple[str, ...] = ()


NO_OVERRIDES = Overrides(
    pa.table(
        {
            **{name: pa.array([], pa.string()) for name in ("store_id", "product_id", "reason", "by")},
            "quantity": pa.array([], pa.float64()),
            "until": pa.array([], pa.date32()),
        }
    )
)


def read_overrides(path: Path, as_of: date, dialect: DialectOptions | None = None) -> Overrides:
    """Reads an override file, in any form that the files of the data contract may have: those in force on a date.

    Args:
        path: with the columns of CONTRACT; ``until`` is the last date of a plan that it counts for, empty: for good.
        as_of: date of the plan.
        dialect: what is said by hand of how files are written.

    Raises:
        UserError: there is no such file.
        DataRejected: a column is missing, or a row breaks a rule; names every problem.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise cannot(
            error, f"{path}: cannot be read", "give an existing file to --overrides", UserError
        ) from error
    source, problems = read_headers(
        CONTRACT, path.parent, [path], (dialect or DialectOptions()).of(CONTRACT.name)
    )
    tables, remarks = [], dict[Remark, int]()
    for piece in source.pieces if source is not None else ():
        for block in read_blocks(piece):
            checked = check_block(CONTRACT, path.name, piece.number, block, weekday=None, keep_invalid=False)
            problems += checked.problems
            remarks.update(checked.remarks)
            if checked.rows is not None:
                tables.append(checked.rows)
    if not problems and tables:
        problems += unique_rows(stack(tables), CONTRACT, {0: path.name}).problems
    if source is None or problems:
        raise DataRejected(merge_problems(problems))
    found = stack(tables)
    kinds = {"date": pa.date32(), "number": pa.float64(), "key": pa.string(), "text": pa.string()}
    rows = pa.table(
        {column.name: single(found[column.name]).cast(kinds[column.kind]) for column in CONTRACT.columns}
    )
    last = rows["until"]
    in_force = pc.or_kleene(pc.is_null(last), pc.greater_equal(last, pa.scalar(as_of, pa.date32())))
    notes = [
        *(f"{path.name}: the column {column} is not read" for column in source.unread),
        *remark_notes(source.said, remarks),
    ]
    return Overrides(rows.filter(in_force), tuple(notes))


def own_quantities(series: pa.Table, overrides: pa.Table) -> Floats:
    """Units that people order of each series, [N]; NaN where nobody says.

    Args:
        series: with store_id and product_id.
        overrides: those in force.
    """
    return floats(single(overrides["quantity"]).take(index_in(series, overrides, SERIES_KEYS)))


def apply_overrides(lines: pa.Table, overrides: pa.Table, file: str = "") -> pa.Table:
    """The lines with ``override_quantity``, its reason, who and until when, and ``order_quantity``.

    Args:
        lines: from ``pipeline.orders.planning.lines.order_lines``.
        overrides: those in force.

    Raises:
        DataRejected: an override names a store and product that have no line.
    """
    override_index = np.full(lines.num_rows, -1)
    line_of = index_in(overrides, lines, SERIES_KEYS)
    if line_of.null_count:
        stray = [i for i, there in enumerate(line_of.is_valid().to_pylist()) if not there]
        names = [f"{overrides['store_id'][i]} {overrides['product_id'][i]}" for i in stray]
        message = (
            f"{len(stray)} override(s) name a store and product without sales: {', '.join(names[:_SHOWN])}"
        )
        raise DataRejected([Problem(file, "unknown_series", message, _REMEDY, count=len(stray))])
    override_index[line_of.to_numpy()] = np.arange(overrides.num_rows)
    taken = pa.array(override_index, mask=override_index < 0)
    found = overrides.take(taken)
    behind = lines.column_names.index("replenishment_quantity") + 1
    ordered = pc.coalesce(found["quantity"], lines["replenishment_quantity"])
    lines = lines.add_column(behind, "override_quantity", found["quantity"])
    lines = lines.add_column(behind + 1, "order_quantity", ordered)
    for name in ("reason", "by", "until"):
        lines = lines.append_column(f"override_{name}", found[name])
    return lines
