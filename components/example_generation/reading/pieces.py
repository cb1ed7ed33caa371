"""Pieces of files to blocks of raw columns, with the row number of each row."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from components.example_generation.reading.containers import BROKEN, Unreadable, opened, read_up_to
from components.example_generation.reading.files import Piece, siblings
from components.example_generation.reading.layouts import ENCODING_REMEDY
from components.example_generation.reading.workbooks import read_rows_of_sheet
from components.example_generation.values.notation import (
    PLAIN,
    Evidence,
    LazyNotation,
    find_notation,
    look_at,
)
from contracts.arrays import Flags, Integers
from contracts.errors import Problem
from contracts.rows import single

_BLOCK_BYTES = 16 << 20
_BLOCK_ROWS = 1 << 18


@dataclass(frozen=True)
class Block:
    """Some rows of one piece as they stand in the file: text of a CSV file is still bytes.

    Attributes:
        rows: row number of each row in its file, from 1, without the header and what stands above it.
        ragged: rows before the block's end with too few or too many values, by number: their text.
        notation: how the file writes numbers and dates.
        blank: rows without any value, which are left out.
    """

    table: pa.Table
    rows: Integers
    ragged: dict[int, str]
    notation: LazyNotation
    problems: tuple[Problem, ...] = ()
    blank: int = 0


def read_blocks(piece: Piece) -> Iterator[Block]:
    """Read a piece block by block; the last block may carry the problem that ended the reading."""
    # Programs write a decimal point; people who export with other separators often have decimal commas.
    plain = piece.container.form == "parquet" or (
        piece.container.form == "csv" and piece.layout.separator == ","
    )
    dialect = piece.dialect
    notation = LazyNotation(
        lambda: find_notation(_evidence(piece), lambda: map(_evidence, siblings(piece)), dialect, plain),
        plain=plain and dialect.decimal != "," and dialect.thousands != ".",
        placeholders=dialect.placeholders,
    )
    for block in _read(piece, notation):
        yield _without_blank_rows(block)


def _evidence(piece: Piece) -> Evidence:
    """What the whole file that a piece belongs to tells, in all its columns."""
    whole = replace(piece, columns=piece.all_columns, row_groups=(), rows_before=0)
    unused = LazyNotation(lambda: PLAIN, True, frozenset())
    return look_at((block.table for block in _read(whole, unused)), piece.contract)


def _read(piece: Piece, notation: LazyNotation) -> Iterator[Block]:
    if piece.container.form == "csv":
        return _read_csv(piece, notation)
    return (_read_parquet if piece.container.form == "parquet" else _read_workbook)(piece, notation)


def _read_csv(piece: Piece, notation: LazyNotation) -> Iterator[Block]:
    ragged: dict[int, str] = {}

    def note(row: pa_csv.InvalidRow) -> str:
        ragged[row.number] = row.text
        return "skip"

    layout = piece.layout
    # Columns go by their index: names may be empty, or occur twice among those that nobody reads.
    names = [str(index) for index in range(layout.width)]
    read = {str(piece.column_index(name)): name for name in piece.columns}
    beyond = names[layout.width - layout.beyond :] if layout.beyond else []
    # Without threads Arrow knows the number of a row that it cannot parse.
    reading = pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names)
    parsing = pa_csv.ParseOptions(
        delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=note
    )
    converting = pa_csv.ConvertOptions(
        include_columns=[*read, *beyond],
        # Bytes, not text: a text column that is not UTF-8 would fail as a whole, without a row.
        column_types={name: pa.binary() for name in [*read, *beyond]},
        strings_can_be_null=True,
        null_values=[""],
    )
    count, reported = 0, 0
    empty = pa.table({name: pa.array([], pa.binary()) for name in piece.columns})
    if not layout.rows:
        yield Block(empty, np.zeros(0, np.int64), {}, notation)
        return
    try:
        with opened(piece.container, layout.encoding) as stream:
            read_up_to(stream, layout.begin)
            given = stream if isinstance(stream, pa.NativeFile) else pa.PythonFile(stream, mode="r")
            with _telling_of_encoding():
                blocks = pa_csv.open_csv(
                    given, read_options=reading, parse_options=parsing, convert_options=converting
                )
            for batch in _batches(blocks):
                rows, count = _number(count, batch.num_rows, ragged)
                fresh = {row: ragged[row] for row in list(ragged)[reported:] if row <= count}
                reported += len(fresh)
                table = pa.Table.from_batches([batch])
                if beyond:
                    keep = _nothing_beyond(table.select(beyond))
                    fresh.update((row, "values beyond the header") for row in rows[~keep].tolist())
                    table, rows = table.filter(pa.array(keep)), rows[keep]
                table = table.select(list(read)).rename_columns(list(read.values()))
                yield Block(table, rows, fresh, notation)
    except UnicodeError as error:
        message = f"the text is not {layout.encoding.upper()} after row {count}: {_first_line(error)}"
        problem = Problem(piece.name, "bad_encoding", message, ENCODING_REMEDY)
        yield Block(empty, np.zeros(0, np.int64), {}, notation, (problem,))
    except BROKEN as error:
        yield _torn(piece, "CSV", count, error, empty, notation)
    late = {row: ragged[row] for row in list(ragged)[reported:]}
    if late:
        yield Block(empty, np.zeros(0, np.int64), late, notation)


def _batches(blocks: pa_csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
    while True:
        with _telling_of_encoding():
            try:
                batch = blocks.read_next_batch()
            except StopIteration:
                return
        yield batch


@contextmanager
def _telling_of_encoding() -> Iterator[None]:
    """Of a ragged row that is no UTF-8 Arrow prints a traceback and raises a mere error of parsing.

    Raises:
        UnicodeError: in its place.
    """
    unread: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, unread.append
    try:
        yield
    except pa.ArrowInvalid as error:
        if unread:
            raise UnicodeError(str(error)) from error
        raise
    finally:
        sys.unraisablehook = before


def _nothing_beyond(table: pa.Table) -> Flags:
    keep = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        keep &= np.asarray(single(column).is_null())
    return keep


def _number(before: int, size: int, skipped: dict[int, str]) -> tuple[Integers, int]:
    """Numbers of the next `size` rows, leaving out those that were skipped, and the last number."""
    if not skipped:
        return np.arange(before + 1, before + 1 + size, dtype=np.int64), before + size
    numbers = np.arange(before + 1, before + 1 + size + len(skipped), dtype=np.int64)
    numbers = numbers[~np.isin(numbers, np.fromiter(skipped, np.int64))][:size]
    return numbers, int(numbers[-1]) if size else before


def _read_parquet(piece: Piece, notation: LazyNotation) -> Iterator[Block]:
    count = piece.rows_before
    try:
        with pq.ParquetFile(piece.container.path) as file:
            names = file.schema_arrow.names
            read = {names[piece.column_index(name)]: name for name in piece.columns}
            groups = list(piece.row_groups) if piece.row_groups else None
            for batch in file.iter_batches(
                _BLOCK_ROWS, row_groups=groups, columns=list(read), use_threads=False
            ):
                rows = np.arange(count + 1, count + 1 + batch.num_rows, dtype=np.int64)
                columns = [_judgeable(pa.chunked_array([batch[name]])) for name in read]
                count += batch.num_rows
                yield Block(pa.table(columns, list(read.values())), rows, {}, notation)
    except BROKEN as error:
        yield _torn(piece, "Parquet", count, error, pa.table({}), notation)


def _judgeable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column; as bytes, like a CSV's, where a text is no UTF-8, which not every writer of Parquet looks after."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        cells = single(column)
        plain = cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells
        return pa.chunked_array(
            [plain.cast(pa.large_binary() if plain.type == pa.large_string() else pa.binary())]
        )
    return column


def _read_workbook(piece: Piece, notation: LazyNotation) -> Iterator[Block]:
    indices = [piece.column_index(name) for name in piece.columns]
    try:
        columns, rows = read_rows_of_sheet(
            piece.container.path, piece.dialect.sheet, piece.layout.begin, indices
        )
    except Unreadable as error:
        problem = Problem(piece.name, error.rule, error.message, error.remedy)
        yield Block(pa.table({}), np.zeros(0, np.int64), {}, notation, (problem,))
        return
    yield Block(pa.table(dict(zip(piece.columns, columns, strict=True))), rows, {}, notation)


def _without_blank_rows(block: Block) -> Block:
    """Spreadsheets write lines of nothing but separators below the last row."""
    table = block.table
    if table.num_columns == 0 or any(column.null_count == 0 for column in table.columns):
        return block
    blank = ~_any_value(table)
    if not blank.any():
        return block
    kept = table.filter(pa.array(~blank))
    return replace(block, table=kept, rows=block.rows[~blank], blank=int(blank.sum()))


def _any_value(table: pa.Table) -> Flags:
    there = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        there |= np.asarray(pc.is_valid(single(column)))
    return there


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


def _torn(
    piece: Piece, form: str, row: int, error: Exception, empty: pa.Table, notation: LazyNotation
) -> Block:
    """No rows, and the problem that ended the reading."""
    message = f"cannot be read as {form} after row {row}: {_first_line(error)}"
    problem = Problem(piece.name, f"corrupt_{form.lower()}", message, "Export it again")
    return Block(empty, np.zeros(0, np.int64), {}, notation, (problem,))
