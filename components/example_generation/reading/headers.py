"""A header against the contract: which column stands where, and what is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.example_generation.columns import KEY_LENGTH, FileContract
from components.example_generation.contract import ROW_NAMES
from contracts.errors import Problem

_BLANK_ENDS = "\ufeff\u200b\u2060"  # blanks that str.strip leaves
_INDEX = re.compile(r"Unnamed: \d+|__index_level_\d+__")
"""Names that pandas gives to a column without a name."""
_LIKE_A_VALUE = re.compile(r"[\d.,:/+-]+")
_SHOWN = 20


@dataclass(frozen=True)
class Header:
    """A header's columns.

    Attributes:
        indices: the columns to read with their index in the file, from 0; known ones first, in the contract's order.
        unread: names that the contract does not know.
        said: what of it is out of the ordinary, in words.
        problems: what is wrong; then the file is not read.
    """

    indices: tuple[tuple[str, int], ...] = ()
    unread: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def trimmed(cell: str) -> str:
    """A name without blanks and line breaks around it, and with single blanks in it."""
    return " ".join(cell.strip(_BLANK_ENDS).split()).strip(_BLANK_ENDS)


def letters(name: str) -> str:
    """What two spellings of a name have in common: `Store ID`, `storeId` and `STORE_ID` are one."""
    return re.sub(r"[\W_]+", "", name.casefold())


def names_known(contract: FileContract, cells: Sequence[str]) -> int:
    """How many of a contract's columns a record names."""
    return len({letters(cell) for cell in cells} & {letters(name) for name in contract.column_names})


def match_header(
    contract: FileContract, file: str, cells: Sequence[str], chosen: Iterable[str] = ()
) -> Header:
    """Finds the contract's columns in a header.

    Args:
        contract: the file's declaration.
        file: the file as the user knows it.
        cells: as they stand in the file.
        chosen: names that settings give to columns the contract does not know; found in any spelling too.
    """
    if not any(trimmed(cell) for cell in cells):
        remedy = "Export it again, with a header and rows"
        return Header(problems=(Problem(file, "empty_file", "the file is empty", remedy),))
    known = {letters(name): name for name in (*chosen, *contract.column_names)}
    raw = [trimmed(cell) for cell in cells]
    names = [known.get(letters(name), name) for name in raw]
    unnamed = [index for index, name in enumerate(names) if not name or _INDEX.fullmatch(name)]
    named = [index for index in range(len(names)) if index not in set(unnamed)]
    unprintable = _unprintable(file, cells, names)
    if unprintable:
        return Header(problems=tuple(unprintable))
    problems = _twice(file, names, raw, named)
    found = [names[index] for index in named]
    problems += _missing(contract, file, raw, found)
    indices = {names[index]: index for index in named}
    read = [name for name in contract.column_names if name in indices]
    further = [name for name in indices if name not in contract.column_names]
    if contract.open_ended:
        read += further
        message, remedy = "a column of this name belongs to another file", "Rename or remove it"
        problems += [
            Problem(file, "column_elsewhere", message, remedy, column=name)
            for name in further
            if name in ROW_NAMES
        ]
        further = []
    other = [f"{cells[indices[name]]!r} as {name}" for name in read if cells[indices[name]] != name]
    said = [f"columns read by another name: {', '.join(other)}"] if other else []
    if unnamed:
        listed = ", ".join(str(index + 1) for index in unnamed[:_SHOWN])
        more = ", ..." if len(unnamed) > _SHOWN else ""
        said.append(f"columns without a name are not read (column {listed}{more})")
    return Header(tuple((name, indices[name]) for name in read), tuple(further), tuple(said), tuple(problems))


def _twice(file: str, names: list[str], raw: list[str], named: list[int]) -> list[Problem]:
    problems = []
    for twice in dict.fromkeys(names[index] for index in named):
        here = [index for index in named if names[index] == twice]
        if len(here) > 1:
            where = " and ".join(f"column {index + 1} {raw[index]!r}" for index in here)
            message = f"the header names this column twice ({where})"
            problems.append(Problem(file, "column_twice", message, "Rename or remove one", column=twice))
    return problems


def _unprintable(file: str, cells: Sequence[str], names: list[str]) -> list[Problem]:
    problems = []
    for index, cell in enumerate(cells):
        if "\0" in cell:
            message = f"the name of column {index + 1} holds the character NUL ({cell[:40]!r})"
            remedy = "Remove it from the header; if all of them do, the file is no text"
            problems.append(Problem(file, "unprintable", message, remedy))
            break
        if len(names[index]) > KEY_LENGTH:
            message = (
                f"the name of column {index + 1} has more than {KEY_LENGTH} characters ({cell[:40]!r}...)"
            )
            remedy = "Shorten it; an unclosed quote may have joined lines"
            problems.append(Problem(file, "too_long", message, remedy))
    return problems


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _missing(contract: FileContract, file: str, raw: list[str], found: list[str]) -> list[Problem]:
    missing = [column.name for column in contract.columns if column.required and column.name not in found]
    if not missing:
        return []
    there = [name for name in raw if name]
    shown = ", ".join(_printable(name[:40]) for name in there[:_SHOWN])
    shown += ", ..." if len(there) > _SHOWN else ""
    others = [name for name in found if name not in contract.column_names]
    close = [
        (match[0], name)
        for name in missing
        if (match := difflib.get_close_matches(name, [other.casefold() for other in others], 1))
    ]
    if close:
        original = {other.casefold(): other for other in reversed(others)}
        remedy = " and ".join(f"Rename the column {original[match]!r} to {name}" for match, name in close)
    elif len(there) == 1:
        remedy = "Separate the columns by commas, or name what separates them in data.dialect.separator"
    elif len(missing) == sum(column.required for column in contract.columns) and any(
        _LIKE_A_VALUE.fullmatch(name) for name in there
    ):
        remedy = "Begin the file with a line that names the columns"
    else:
        remedy = "Add the column" if len(missing) == 1 else "Add the columns"
    if len(missing) == 1:
        message, column = "the required column is missing", missing[0]
    else:
        message, column = f"the required columns {', '.join(missing)} are missing", None
    return [Problem(file, "missing_column", f"{message}; the header has {shown}", remedy, column=column)]
