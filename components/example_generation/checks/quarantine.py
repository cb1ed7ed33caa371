"""Rows set aside: written beside each other, with the reason, for the person who can correct them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from components.example_generation.checks.findings import as_text
from components.example_generation.checks.rules import PART, ROW
from components.example_generation.columns import FileContract
from components.example_generation.contract import FILES
from components.example_generation.report import Part
from contracts.arrays import Integers
from contracts.durable import replacing
from contracts.rows import single, stack


def set_aside(
    table: pa.Table,
    indices: Integers,
    contract: FileContract,
    names: Mapping[int, str],
    reason: str,
    part: Part,
    keep: bool,
) -> None:
    """Counts rows as invalid.

    Args:
        table: checked rows.
        indices: of those that cannot stay.
        names: the file of each part, by number.
        part: takes up the count and the copies.
        keep: whether the rows go to the quarantine, as text.
    """
    part.invalid[contract.name] += indices.size
    if keep and indices.size:
        rows = _as_written(table, indices, contract, names, reason)
        part.quarantined.setdefault(contract.name, []).append(rows)


def _as_written(
    table: pa.Table, indices: Integers, contract: FileContract, names: Mapping[int, str], reason: str
) -> pa.Table:
    part = single(table[PART]).to_numpy(zero_copy_only=False)[indices]
    columns = {
        "source": pa.array([names[number] for number in part.tolist()], pa.string()),
        "row": single(table[ROW]).take(pa.array(indices)),
        "reason": pa.array([reason] * indices.size, pa.string()),
    }
    for column in contract.columns:
        if column.name in table.column_names:
            values = single(table[column.name])
            if column.kind == "date":
                values = values.cast(pa.int32()).cast(pa.date32())
            columns[column.name] = pa.array(as_text(values, indices), pa.string())
    return pa.table(columns)


def write_quarantine(folder: Path, quarantined: Mapping[str, list[pa.Table]]) -> list[Path]:
    """Write `<file>.csv` for each contract file with rows set aside; files of an earlier call go.

    Columns: source (the file), row (from 1, without the header), reason, then the row as it stood.

    Args:
        folder: made where it is missing.
        quarantined: tables by contract file.

    Returns:
        The files written. Each is whole or not there.
    """
    written = []
    for name in FILES:
        target = folder / f"{name}.csv"
        tables = [table for table in quarantined.get(name, []) if table.num_rows]
        if not tables:
            target.unlink(missing_ok=True)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        table = stack(tables).sort_by([("source", "ascending"), ("row", "ascending")])
        with replacing(target, durable=False) as temporary:
            pa_csv.write_csv(table, temporary)
        written.append(target)
    return written
