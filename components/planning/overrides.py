"""People's own quantities: read, checked, and put in the place of the proposal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from components.errors import DataRejected, Problem, UserError
from components.rows import places

COLUMNS = ("store_id", "product_id", "quantity", "reason", "by", "until")
LINE_COLUMNS = (
    "as_of", "store_id", "product_id", "expected_demand", "safety_stock", "on_hand", "on_order",
    "rounding_adjustment", "replenishment_quantity", "override_quantity", "order_quantity", "reason", "model_version",
    "method", "protection_interval", "arrival", "override_reason", "override_by", "override_until",
)  # fmt: skip
"""Of an order line, in the order in which buyers read them."""

_SHOWN = 5
_REMEDY = "Correct the file and plan again"


def read_overrides(path: Path, as_of: date) -> pa.Table:
    """Reads an override file (CSV): those that are in force on a date.

    Args:
        path: with the columns of COLUMNS; ``until`` is the last date of a plan that it counts for, empty: for good.
        as_of: date of the plan.

    Returns:
        The overrides in force: store_id, product_id, quantity (units), reason, by, until (date or null).

    Raises:
        UserError: there is no such file, or it is no CSV.
        DataRejected: a column is missing, or a row breaks a rule; names every problem.
    """
    table = _read(path)
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise DataRejected(
            [
                Problem(
                    path.name,
                    "missing_column",
                    f"has no column {', '.join(missing)}",
                    f"The columns are {', '.join(COLUMNS)}",
                )
            ]
        )
    text = {name: [value.strip() for value in table[name].fill_null("").to_pylist()] for name in COLUMNS}
    quantity = [_number(value) for value in text["quantity"]]
    until = [_date(value) for value in text["until"]]
    seen: dict[tuple[str, str], int] = {}
    twice = [
        seen.setdefault(key, row) != row
        for row, key in enumerate(zip(text["store_id"], text["product_id"], strict=True))
    ]
    problems = [
        *(_problem(path, name, "empty_text", "is empty", (not value for value in text[name]), text[name])
          for name in ("store_id", "product_id", "reason", "by")),
        _problem(path, "quantity", "no_quantity", "is no number of units, 0 or more",
                 (not (value >= 0 and np.isfinite(value)) for value in quantity), text["quantity"]),
        _problem(path, "until", "no_date", "is no date such as 2026-01-31",
                 (found is None and value != "" for found, value in zip(until, text["until"], strict=True)),
                 text["until"]),
        _problem(path, "product_id", "duplicate_key", "the store and product were named before", twice,
                 text["product_id"]),
    ]  # fmt: skip
    found = [problem for problem in problems if problem is not None]
    if found:
        raise DataRejected(found)
    made = pa.table(
        {
            **{
                name: pa.array(text[name], pa.string()) for name in ("store_id", "product_id", "reason", "by")
            },
            "quantity": pa.array(quantity, pa.float64()),
            "until": pa.array(until, pa.date32()),
        }
    )
    in_force = [last is None or last >= as_of for last in until]
    return made.filter(pa.array(in_force, pa.bool_()))


def apply_overrides(lines: pa.Table, overrides: pa.Table | None, file: str = "") -> pa.Table:
    """The lines with ``override_quantity``, its reason, who and until when, and ``order_quantity``.

    Args:
        lines: from ``components.planning.lines.order_lines``.
        overrides: those in force; None: none.
        file: name of their file.

    Raises:
        DataRejected: an override names a store and product that have no line.
    """
    place = np.full(lines.num_rows, -1)
    if overrides is None:
        overrides = pa.table(
            {name: pa.array([], pa.string()) for name in ("store_id", "product_id", "reason", "by")}
        )
        overrides = overrides.append_column("quantity", pa.array([], pa.float64()))
        overrides = overrides.append_column("until", pa.array([], pa.date32()))
    line_of = places(overrides, lines, ("store_id", "product_id"))
    if line_of.null_count:
        stray = [i for i, there in enumerate(line_of.is_valid().to_pylist()) if not there]
        names = [f"{overrides['store_id'][i]} {overrides['product_id'][i]}" for i in stray]
        message = (
            f"{len(stray)} override(s) name a store and product without sales: {', '.join(names[:_SHOWN])}"
        )
        raise DataRejected([Problem(file, "unknown_series", message, _REMEDY, count=len(stray))])
    place[line_of.to_numpy()] = np.arange(overrides.num_rows)
    taken = pa.array(place, mask=place < 0)
    found = overrides.take(taken)
    proposed = lines["replenishment_quantity"]
    new = {f"override_{name}": found[name] for name in ("quantity", "reason", "by", "until")}
    new["order_quantity"] = pc.coalesce(found["quantity"], proposed)
    for name, column in new.items():
        lines = lines.append_column(name, column)
    return lines.select(LINE_COLUMNS)


def _read(path: Path) -> pa.Table:
    try:
        header = path.read_text(encoding="utf-8-sig").splitlines()[:1]
        names = header[0].split(",") if header else []
        kinds = {name.strip().strip('"'): pa.string() for name in names}
        return csv.read_csv(
            path, convert_options=csv.ConvertOptions(column_types=kinds, strings_can_be_null=False)
        )
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); give an existing file to --overrides"
        ) from error
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is no CSV file in UTF-8: {error}") from error


def _problem(
    path: Path, column: str, rule: str, message: str, wrong: Iterable[bool], values: list[str]
) -> Problem | None:
    rows = [i for i, is_wrong in enumerate(wrong) if is_wrong]
    if not rows:
        return None
    shown = rows[:_SHOWN]
    return Problem(
        path.name, rule, message, _REMEDY, column, len(rows), tuple(i + 1 for i in shown),
        tuple(values[i] for i in shown),
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
