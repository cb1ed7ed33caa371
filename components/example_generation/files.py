"""Which files a folder holds, and what their headers promise."""

from __future__ import annotations

import csv
import difflib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from components.errors import Problem, UserError
from components.example_generation.contract import FILES, ROW_NAMES, FileContract

_CSV_ENDINGS = (".csv", ".csv.gz")
_PARQUET_ENDINGS = (".parquet",)
_ENDINGS = _CSV_ENDINGS + _PARQUET_ENDINGS
_ROWS_PER_PIECE = 1 << 20


@dataclass(frozen=True)
class Piece:
    """What one worker reads in one go: a CSV file, or some row groups of a Parquet file.

    Attributes:
        file: name in the contract.
        name: the file as the user knows it.
        number: place of the file among the parts of its contract file.
        columns: the columns to read.
        row_groups: of a Parquet file.
        rows_before: rows of the same file that come before this piece.
    """

    file: str
    name: str
    path: str
    form: Literal["csv", "parquet"]
    number: int
    columns: tuple[str, ...]
    row_groups: tuple[int, ...] = ()
    rows_before: int = 0


@dataclass(frozen=True)
class Source:
    """A contract file that is there: its pieces, its columns over all parts, and those nobody reads."""

    file: FileContract
    pieces: tuple[Piece, ...]
    columns: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Inputs:
    """A folder's contract files, and the problems of their headers."""

    folder: Path
    sources: dict[str, Source] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def require_folder(folder: Path | str) -> Path:
    """The folder, if there is one.

    Raises:
        UserError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.exists():
        raise UserError(f"There is no folder {folder}. Give the folder that holds sales_data.csv")
    if not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder. Give the folder that holds it")
    return folder


def find_inputs(folder: Path | str) -> Inputs:
    """Look a folder through and read the headers.

    Each contract file is `<name>.csv`, `<name>.csv.gz`, `<name>.parquet` or a folder `<name>/` of such parts.

    Args:
        folder: the retailer's folder.

    Returns:
        The files that can be read, and the problems of those that cannot.

    Raises:
        UserError: there is no such folder.
    """
    folder = require_folder(folder)
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for contract in FILES.values():
        source, faults = _find_source(folder, contract)
        problems += faults
        if source is not None:
            sources[contract.name] = source
    return Inputs(folder, sources, tuple(problems))


def _candidates(folder: Path, contract: FileContract) -> list[Path]:
    """Files and folders of a folder that bear the name of a contract file."""
    found = [path for ending in _ENDINGS if (path := folder / (contract.name + ending)).exists()]
    parts_folder = folder / contract.name
    return [*found, parts_folder] if parts_folder.is_dir() else found


def _parts(path: Path) -> list[Path]:
    """The parts of a folder by name; leaves out what writers leave behind, such as _SUCCESS."""
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.iterdir() if p.name.endswith(_ENDINGS) and p.name[0] not in "._")


def contract_files(folder: Path) -> list[Path]:
    """Every file of a folder that belongs to the contract, readable or not, in a fixed order."""
    return [
        part for contract in FILES.values() for path in _candidates(folder, contract) for part in _parts(path)
    ]


def _find_source(folder: Path, contract: FileContract) -> tuple[Source | None, list[Problem]]:
    found = _candidates(folder, contract)
    if not found:
        if not contract.required:
            return None, []
        close = difflib.get_close_matches(contract.name, [p.stem for p in folder.iterdir()], 1)
        hint = f"There is {close[0]!r}: rename it" if close else "Put it into the folder"
        problem = Problem(
            f"{contract.name}.csv", "missing_file", f"no such file in {folder}", f"{hint}; CSV or Parquet"
        )
        return None, [problem]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        remedy = "Keep one of them, remove the other"
        return None, [Problem(contract.name, "file_twice", f"the folder holds {names}", remedy)]
    parts = _parts(found[0])
    if not parts:
        message = "the folder holds no CSV or Parquet file"
        return None, [Problem(f"{contract.name}/", "empty_file", message, "Add its parts")]
    return _read_headers(contract, folder, parts)


def _read_headers(
    contract: FileContract, folder: Path, parts: list[Path]
) -> tuple[Source | None, list[Problem]]:
    pieces: list[Piece] = []
    problems: list[Problem] = []
    columns: dict[str, None] = {}
    unread: dict[str, None] = {}
    for number, path in enumerate(parts):
        name = path.relative_to(folder).as_posix()
        form: Literal["csv", "parquet"] = "parquet" if name.endswith(_PARQUET_ENDINGS) else "csv"
        try:
            header, groups = _parquet_header(path) if form == "parquet" else (_csv_header(path), [])
        except (pa.ArrowException, OSError, EOFError) as error:
            what = "Parquet" if form == "parquet" else "gzip"
            problems.append(
                Problem(
                    name,
                    f"corrupt_{form}",
                    f"cannot be read as {what}: {_first_line(error)}",
                    "Export it again",
                )
            )
            continue
        except UnicodeDecodeError:
            problems.append(
                Problem(
                    name,
                    "bad_encoding",
                    "the header is not UTF-8 text",
                    "Save the file with the encoding UTF-8",
                )
            )
            continue
        faults, used, rest = _check_header(contract, name, header)
        problems += faults
        columns.update(dict.fromkeys(used))
        unread.update(dict.fromkeys(rest))
        if not faults:
            pieces += _cut(Piece(contract.name, name, str(path), form, number, used), groups)
    ordered = tuple(c for c in contract.column_names if c in columns)
    further = tuple(c for c in columns if c not in contract.column_names)
    if not pieces:
        return None, problems
    return Source(contract, tuple(pieces), ordered + further, tuple(unread)), problems


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].rstrip(".")


def _parquet_header(path: Path) -> tuple[list[str], list[int]]:
    with pq.ParquetFile(path) as file:
        groups = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
        return list(file.schema_arrow.names), groups


def _csv_header(path: Path) -> list[str]:
    with pa.input_stream(str(path), compression="detect") as stream:
        start = stream.read(1 << 20)
    # Cut at the last line end, so that no character is cut in two.
    text = start[: start.rfind(b"\n") + 1 or None].split(b"\n", 1)[0].decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    return rows[0] if rows else []


def _check_header(
    contract: FileContract, name: str, header: list[str]
) -> tuple[list[Problem], tuple[str, ...], tuple[str, ...]]:
    """Problems of one header, the columns to read, and the columns that the contract does not know."""
    if not header:
        return (
            [Problem(name, "empty_file", "the file is empty", "Export it again, with a header and rows")],
            (),
            (),
        )
    problems = [
        Problem(
            name, "column_twice", "the header names this column twice", "Rename or remove one", column=twice
        )
        for twice in sorted({column for column in header if header.count(column) > 1})
    ]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        message = f"the columns are not separated by commas: {header[0][:80]!r}"
        return [*problems, Problem(name, "not_comma_separated", message, "Export it with commas")], (), ()
    for column in contract.columns:
        if column.required and column.name not in header:
            close = difflib.get_close_matches(
                column.name, [c for c in header if c not in contract.column_names], 1
            )
            remedy = f"Rename the column {close[0]!r}" if close else "Add the column"
            problems.append(
                Problem(name, "missing_column", "the required column is missing", remedy, column=column.name)
            )
    further = tuple(dict.fromkeys(c for c in header if c not in contract.column_names))
    known = tuple(c for c in contract.column_names if c in header)
    if not contract.open_ended:
        return problems, known, further
    for column_name in further:
        if column_name in ROW_NAMES:
            message = "a column of this name belongs to another file"
            problems.append(
                Problem(name, "column_elsewhere", message, "Rename or remove it", column=column_name)
            )
        elif not column_name.strip():
            problems.append(Problem(name, "column_unnamed", "a column has no name", "Name or remove it"))
    return problems, known + further, ()


def _cut(whole: Piece, groups: list[int]) -> list[Piece]:
    """Pieces of about a million rows along a Parquet file's row groups; a CSV file stays in one."""
    if whole.form == "csv":
        return [whole]
    pieces: list[Piece] = []
    first, rows, before = 0, 0, 0
    for group, count in enumerate(groups):
        rows += count
        if rows >= _ROWS_PER_PIECE or group == len(groups) - 1:
            chosen = tuple(range(first, group + 1))
            pieces.append(
                Piece(
                    whole.file,
                    whole.name,
                    whole.path,
                    whole.form,
                    whole.number,
                    whole.columns,
                    chosen,
                    before,
                )
            )
            first, before, rows = group + 1, before + rows, 0
    return pieces or [whole]
