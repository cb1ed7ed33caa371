"""How files were read, where that is out of the ordinary: found value by value, said in one line for each file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FILES_SHOWN = 3


@dataclass(frozen=True, order=True)
class Remark:
    """One thing about some values of a file.

    Attributes:
        file: as the user knows it.
        column: where it is of one column.
        text: what was done, such as `'NA' read as empty`.
        counted: the number of values is worth telling.
    """

    file: str
    column: str
    text: str
    counted: bool = False


def remark_notes(layouts: Mapping[str, Iterable[str]], remarks: Mapping[Remark, int]) -> list[str]:
    """One note for each file with remarks; files of the same remarks share one.

    Args:
        layouts: what is said of each file's layout.
        remarks: how many values each of them is about.
    """
    texts: dict[str, list[str]] = {file: list(said) for file, said in layouts.items() if said}
    of_columns: dict[tuple[str, str], list[str]] = {}
    for remark, count in sorted(remarks.items()):
        text = f"{count:,} {remark.text}" if remark.counted else remark.text
        if remark.column:
            of_columns.setdefault((remark.file, remark.column), []).append(text)
        else:
            texts.setdefault(remark.file, []).append(text)
    for (file, column), found in of_columns.items():
        texts.setdefault(file, []).append(f"column {column}: {', '.join(found)}")
    alike: dict[str, list[str]] = {}
    for file, found in texts.items():
        alike.setdefault("; ".join(found), []).append(file)
    return [f"{_listed(files)}: {text}" for text, files in alike.items()]


def _listed(files: list[str]) -> str:
    more = "" if len(files) <= _FILES_SHOWN else f" and {len(files) - _FILES_SHOWN} more"
    return ", ".join(files[:_FILES_SHOWN]) + more
