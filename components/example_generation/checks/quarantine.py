"""Rows set aside: written beside each other, with the reason, for the person who can correct them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from components.example_generation.checks.findings import as_text
from components.example_generation.checks.rules import PART, ROW
from components.example_generation.columns import FileContract
from components.example_generation.contract import FILES
from contracts.durable import replacing
from contracts.rows import single, stack


def quarantined_rows(
    table: pa.Table, indices: np.ndarray, contract: FileContract, names: Mapping[int, str], reason: str
) -> pa.Table:
    """Checked rows that cannot stay, as text."""
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
