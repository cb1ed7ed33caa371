"""Which files a folder holds, and what their headers promise."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from components.example_generation.columns import FileContract
from components.example_generation.contract import FILES, plain_name
from components.example_generation.options import DataOptions
from components.example_generation.reading.containers import (
    BROKEN,
    Container,
    Unreadable,
    look_into,
    packing_by_name,
)
from components.example_generation.reading.dialect import DialectOptions, FileDialect
from components.example_generation.reading.headers import match_header, names_known
from components.example_generation.reading.layouts import Layout, find_layout
from components.example_generation.reading.listing import (
    candidates,
    listed,
    parts_of,
    require_folder,
)
from components.example_generation.reading.unread import not_read
from components.example_generation.reading.workbooks import find_sheet
from contracts.errors import Problem

_ROWS_PER_PIECE = 1 << 20
_SIBLINGS = 40  # parts that are looked at, at most, where one alone does not tell how it is written


@dataclass(frozen=True)
class Piece:
    """What one worker reads in one go: a file, or some row groups of a Parquet file.

    Attributes:
        contract: the declaration of the file that it is a part of.
        folder: that the name is told from.
        name: the file as the user knows it.
        container: the file on disk.
        layout: where its table begins.
        dialect: what is said by hand of how it is written.
        number: index of the file among the parts of its contract file.
        header: the columns that may be read, with their index in the file.
        columns: those to read.
        row_groups: of a Parquet file; none: all.
        rows_before: rows of the same file that come before this piece.
    """

    contract: FileContract
    folder: str
    name: str
    container: Container
    layout: Layout
    dialect: FileDialect
    number: int
    header: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    row_groups: tuple[int, ...] = ()
    rows_before: int = 0

    @property
    def file(self) -> str:
        """Name in the contract."""
        return self.contract.name

    @property
    def all_columns(self) -> tuple[str, ...]:
        """The columns that may be read."""
        return tuple(name for name, _ in self.header)

    def column_index(self, column: str) -> int:
        """Where a column stands in the file, from 0."""
        return dict(self.header)[column]


@dataclass(frozen=True)
class Source:
    """A contract file that is there: its pieces, its columns over all parts, and those nobody reads.

    Attributes:
        said: by file, what is out of the ordinary in how it is written.
    """

    file: FileContract
    pieces: tuple[Piece, ...]
    columns: tuple[str, ...]
    unread: tuple[str, ...]
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """A folder's contract files, the problems of their headers, and what of the folder is not read, in words."""

    folder: Path
    sources: dict[str, Source] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def said(self) -> dict[str, tuple[str, ...]]:
        """By file, what is out of the ordinary in how it is written."""
        return {name: said for source in self.sources.values() for name, said in source.said.items()}


def find_inputs(folder: Path | str, options: DataOptions) -> Inputs:
    """Look a folder through and read the headers.

    Each contract file is one file of its name with one of ENDINGS, or a folder of that name with such parts, at
    any depth.

    Args:
        folder: the retailer's folder.
        options: how its files are written, and which columns of external_factors they name.

    Returns:
        The files that can be read, the problems of those that cannot, and what is not read.

    Raises:
        UserError: there is no such folder.
    """
    folder = require_folder(folder)
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for contract in FILES.values():
        source, faults = _find_source(folder, contract, options)
        problems += faults
        if source is not None:
            sources[contract.name] = source
    notes = not_read(folder, {name: source.unread for name, source in sources.items()})
    return Inputs(folder, sources, tuple(problems), tuple(notes))


def _find_source(
    folder: Path, contract: FileContract, options: DataOptions
) -> tuple[Source | None, list[Problem]]:
    found = candidates(folder, contract)
    if not found:
        if not contract.required:
            return None, []
        others = {plain_name(p.name.split(".")[0]): p.name for p in listed(folder)}
        close = difflib.get_close_matches(contract.name, others, 1)
        hint = "Put it into the folder"
        if close:
            same = close[0] == contract.name
            hint = f"There is {others[close[0]]!r}: {'save it in another form' if same else 'rename it'}"
        problem = Problem(
            f"{contract.name}.csv",
            "missing_file",
            f"no such file in {folder}",
            f"{hint}; CSV, .xlsx or Parquet",
        )
        return None, [problem]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        remedy = "Keep one of them, remove the other"
        return None, [Problem(contract.name, "file_twice", f"the folder holds {names}", remedy)]
    parts = parts_of(found[0])
    if not parts:
        message = "the folder holds no CSV, .xlsx or Parquet file"
        return None, [Problem(f"{found[0].name}/", "empty_file", message, "Add its parts")]
    chosen = options.chosen_columns if contract.open_ended else ()
    return read_headers(contract, folder, parts, options.dialect.of(contract.name), chosen)


def read_headers(
    contract: FileContract,
    folder: Path,
    parts: list[Path],
    dialect: FileDialect,
    chosen: Iterable[str] = (),
) -> tuple[Source | None, list[Problem]]:
    """Reads the headers of the parts of one file.

    Args:
        contract: the file's declaration.
        folder: that their names are told from.
        parts: at least one.
        dialect: what is said by hand of how they are written.
        chosen: names that settings give to columns the contract does not know.

    Returns:
        The parts that can be read, None where there is none, and the problems of the others.
    """
    pieces: list[Piece] = []
    problems: list[Problem] = []
    columns: dict[str, None] = {}
    unread: dict[str, None] = {}
    said: dict[str, tuple[str, ...]] = {}
    for number, path in enumerate(parts):
        name = path.relative_to(folder).as_posix()
        try:
            container, layout, cells, groups = _look_at(path, contract, dialect)
        except Unreadable as error:
            problems.append(Problem(name, error.rule, error.message, error.remedy))
            continue
        header = match_header(contract, name, cells, chosen)
        problems += header.problems
        unread.update(dict.fromkeys(header.unread))
        read = tuple(column for column, _ in header.indices)
        columns.update(dict.fromkeys(read))
        said[name] = (*layout.said, *header.said)
        if not header.problems:
            whole = Piece(
                contract, str(folder), name, container, layout, dialect, number, header.indices, read
            )
            pieces += _cut(whole, groups)
    ordered = tuple(c for c in contract.column_names if c in columns)
    further = tuple(c for c in columns if c not in contract.column_names)
    if not pieces:
        return None, problems
    return Source(contract, tuple(pieces), ordered + further, tuple(unread), said), problems


def siblings(piece: Piece) -> list[Piece]:
    """Other parts of the same file, some of them where they are many, each whole."""
    own = DataOptions(dialect=DialectOptions(files={piece.file: piece.dialect}))
    source, _ = _find_source(Path(piece.folder), piece.contract, own)
    pieces = source.pieces if source is not None else ()
    others = list({p.number: p for p in pieces if p.number != piece.number}.values())
    return others[:: len(others) // _SIBLINGS + 1]


def _look_at(
    path: Path, contract: FileContract, dialect: FileDialect
) -> tuple[Container, Layout, list[str], list[int]]:
    """What a file is, where its table begins, the cells of its header, and the rows of its row groups.

    Raises:
        Unreadable: it cannot be read.
    """
    score = partial(names_known, contract)
    form = "gzip" if path.name.lower().endswith(".gz") else "CSV"
    try:
        container = look_into(path)
        if container.form == "xlsx":
            sheet = find_sheet(container.path, dialect.sheet, score)
            said = (f"sheets that are not read: {', '.join(sheet.others)}",) if sheet.others else ()
            return container, Layout(begin=sheet.row, said=said), sheet.header, []
        if container.form == "parquet":
            form = "Parquet"
            with pq.ParquetFile(path) as file:
                groups = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
                return container, Layout(), list(file.schema_arrow.names), groups
        layout, cells = find_layout(container, dialect, score)
        if container.packing != packing_by_name(path.name):
            layout = replace(layout, said=(f"packing {container.packing}, unlike its name", *layout.said))
    except BROKEN as error:
        text = str(error).strip().split("\n")[0][:200].rstrip(".")
        message = f"cannot be read as {form}: {text}"
        raise Unreadable(f"corrupt_{form.lower()}", message, "Export it again") from error
    return container, layout, cells, []


def _cut(whole: Piece, groups: list[int]) -> list[Piece]:
    """Pieces of about a million rows along a Parquet file's row groups; other files stay in one."""
    pieces: list[Piece] = []
    first, rows, before = 0, 0, 0
    for group, count in enumerate(groups):
        rows += count
        if rows >= _ROWS_PER_PIECE or group == len(groups) - 1:
            chosen = tuple(range(first, group + 1))
            pieces.append(replace(whole, row_groups=chosen, rows_before=before))
            first, before, rows = group + 1, before + rows, 0
    return pieces or [whole]
