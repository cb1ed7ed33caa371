"""Files that came after a folder's: their rows take the place of the folder's rows with the same key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.checks.findings import merge_problems
from components.example_generation.checks.remarks import remark_notes
from components.example_generation.checks.rules import INVALID, PART
from components.example_generation.contract import FILES, SALES
from components.example_generation.ingest import Prepared, check_piece
from components.example_generation.joining.keys import unique_rows
from components.example_generation.reading.files import Source, read_headers
from components.example_generation.report import merge_parts
from components.example_generation.superseding import last_parts
from contracts.errors import DataRejected
from contracts.rows import stack


@dataclass(frozen=True)
class LaterFile:
    """One file of sales or stock that came after the folder's, read and checked.

    Attributes:
        source: its pieces and columns, numbered from 0.
        rows: checked rows, each key once, or, of sales that are added up, as often as it is there.
        read: rows of the file.
        notes: how it was read, where that is out of the ordinary.
    """

    source: Source
    rows: pa.Table
    read: int
    notes: tuple[str, ...]

    @property
    def file(self) -> str:
        """Name in the contract."""
        return self.source.file.name

    def moved(self, path: Path) -> LaterFile:
        """The same where the file lies elsewhere now."""
        pieces = tuple(
            replace(piece, folder=str(path.parent), container=replace(piece.container, path=str(path)))
            for piece in self.source.pieces
        )
        return replace(self, source=replace(self.source, pieces=pieces))


def read_later(path: Path, file: str, prepared: Prepared) -> LaterFile:
    """Reads a file as the folder's own of that kind are read; one bad row and none of it counts, quarantine or not.

    Args:
        path: of the file.
        file: name in the contract.
        prepared: the folder, for its options and the weekday of weekly data.

    Raises:
        DataRejected: it breaks the contract; names every problem.
    """
    options = prepared.options.model_copy(update={"quarantine": None, "as_of": None})
    contract = FILES[file]
    source, problems = read_headers(contract, path.parent, [path], options.dialect.of(file))
    tables, parts = [], []
    checks = replace(prepared.checks, options=options, superseded={})
    for piece in source.pieces if source is not None else ():
        for rows, part in check_piece(piece, checks):
            parts.append(part)
            tables += [] if rows is None or not rows.num_rows else [rows]
    whole = merge_parts(parts)
    problems += whole.problems
    if not problems and tables and not (file == SALES and options.duplicates == "sum"):
        problems += unique_rows(stack(tables), contract, {0: path.name}).problems
    if source is None or problems:
        raise DataRejected(merge_problems(problems))
    notes = [
        *(f"{path.name}: the column {column} is not read" for column in source.unread),
        *remark_notes(source.said, whole.remarks),
    ]
    rows = stack(tables) if tables else pa.table({})
    if prepared.options.quarantine is not None and tables:
        rows = rows.append_column(INVALID, pa.array(np.zeros(rows.num_rows, dtype=bool)))
    return LaterFile(source, rows, whole.read[file], tuple(notes))


def with_later(prepared: Prepared, later: Sequence[LaterFile]) -> tuple[Prepared, Mapping[str, pa.Table]]:
    """A folder with files that came after it as further parts of its own files.

    Args:
        later: oldest first; what a later one says of a store, product and date goes before what an earlier one does,
            all columns of the row.

    Returns:
        The folder as it then is, and the later rows by contract file, numbered as its parts, those too that even later
        ones take the place of.
    """
    sources, tables = dict(prepared.inputs.sources), dict[str, list[pa.Table]]()
    for found in later:
        source = sources.get(found.file)
        number = 0 if source is None else max(piece.number for piece in source.pieces) + 1
        pieces = tuple(replace(piece, number=number) for piece in found.source.pieces)
        if source is None:
            sources[found.file] = replace(found.source, pieces=pieces)
        else:
            columns = dict.fromkeys((*source.columns, *found.source.columns))
            ordered = tuple(name for name in source.file.column_names if name in columns)
            sources[found.file] = replace(
                source,
                pieces=(*source.pieces, *pieces),
                columns=ordered,
                said={**source.said, **found.source.said},
            )
        if found.rows.num_rows:
            numbers = pa.array(np.full(found.rows.num_rows, number, np.int32))
            index = found.rows.column_names.index(PART)
            tables.setdefault(found.file, []).append(found.rows.set_column(index, PART, numbers))
    superseded = {file: last_parts(rows) for file, rows in tables.items()}
    inputs = replace(prepared.inputs, sources=sources)
    rows = {file: stack(found) for file, found in tables.items()}
    return replace(prepared, inputs=inputs, superseded=superseded), rows
