"""Pieces of files to blocks of raw columns, with the row number of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from components.errors import Problem
from components.example_generation.files import Piece

_BLOCK_BYTES = 16 << 20
_BLOCK_ROWS = 1 << 18


@dataclass(frozen=True)
class Block:
    """Some rows of one piece as they stand in the file: text of a CSV file is still bytes.

    Attributes:
        rows: row number of each row in its file, from 1, without the header.
        ragged: rows before the block's end with too few or too many values, by number: their text.
    """

    table: pa.Table
    rows: np.ndarray
    ragged: dict[int, str]
    problems: tuple[Problem, ...] = ()


def read_blocks(piece: Piece) -> Iterator[Block]:
    """Read a piece block by block; the last block may carry the problem that ended the reading."""
    return _read_csv(piece) if piece.form == "csv" else _read_parquet(piece)


def _read_csv(piece: Piece) -> Iterator[Block]:
    ragged: dict[int, str] = {}

    def note(row: pa_csv.InvalidRow) -> str:
        ragged[row.number - 1] = row.text  # numbered from 1, with the header
        return "skip"

    # Without threads Arrow knows the number of a row that it cannot parse.
    reading = pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)
    parsing = pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note)
    converting = pa_csv.ConvertOptions(
        include_columns=list(piece.columns),
        # Bytes, not text: a text column that is not UTF-8 would fail as a whole, without a row.
        column_types={name: pa.binary() for name in piece.columns},
        strings_can_be_null=True,
        null_values=[""],
    )
    count, told = 0, 0
    empty = pa.table({name: pa.array([], pa.binary()) for name in piece.columns})
    try:
        with pa.input_stream(piece.path, compression="detect") as stream:
            blocks = pa_csv.open_csv(
                stream, read_options=reading, parse_options=parsing, convert_options=converting
            )
            for batch in blocks:
                rows, count = _number(count, batch.num_rows, ragged)
                fresh = {row: ragged[row] for row in list(ragged)[told:] if row <= count}
                told += len(fresh)
                yield Block(pa.Table.from_batches([batch]), rows, fresh)
    except (pa.ArrowException, OSError, EOFError) as error:
        yield _torn(piece, "CSV", count, error, empty)
    late = {row: ragged[row] for row in list(ragged)[told:]}
    if late:
        yield Block(empty, np.zeros(0, np.int64), late)


def _number(before: int, size: int, skipped: dict[int, str]) -> tuple[np.ndarray, int]:
    """Numbers of the next `size` rows, leaving out those that were skipped, and the last number."""
    if not skipped:
        return np.arange(before + 1, before + 1 + size, dtype=np.int64), before + size
    numbers = np.arange(before + 1, before + 1 + size + len(skipped), dtype=np.int64)
    numbers = numbers[~np.isin(numbers, np.fromiter(skipped, np.int64))][:size]
    return numbers, int(numbers[-1]) if size else before


def _read_parquet(piece: Piece) -> Iterator[Block]:
    count = piece.rows_before
    try:
        with pq.ParquetFile(piece.path) as file:
            for batch in file.iter_batches(
                _BLOCK_ROWS, row_groups=list(piece.row_groups), columns=list(piece.columns), use_threads=False
            ):
                rows = np.arange(count + 1, count + 1 + batch.num_rows, dtype=np.int64)
                count += batch.num_rows
                yield Block(pa.Table.from_batches([batch]), rows, {})
    except (pa.ArrowException, OSError, EOFError) as error:
        yield _torn(piece, "Parquet", count, error, pa.table({}))


def _torn(piece: Piece, form: str, row: int, error: Exception, empty: pa.Table) -> Block:
    """No rows, and the problem that ended the reading."""
    text = str(error).strip().split("\n")[0].rstrip(".")
    message = f"cannot be read as {form} after row {row}: {text}"
    problem = Problem(piece.name, f"corrupt_{form.lower()}", message, "Export it again")
    return Block(empty, np.zeros(0, np.int64), {}, (problem,))
