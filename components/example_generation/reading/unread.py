"""What lies in a folder and is not read."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from components.example_generation.contract import FILES, plain_name
from components.example_generation.reading.listing import below, candidates, is_read, listed

_SHOWN = 10


def not_read(folder: Path, sources: Mapping[str, Sequence[str]]) -> list[str]:
    """Which files of the folder and which columns of the files are not read, in words.

    Args:
        folder: the retailer's.
        sources: the columns that are not read of each contract file that is there.
    """
    notes = []
    known = [path for contract in FILES.values() for path in candidates(folder, contract)]
    others = [path for path in listed(folder) if path not in known]
    others += [part for path in known if path.is_dir() for part in below(path) if not is_read(part)]
    if others:
        names = [_with_hint(path, folder, sources) for path in others]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        notes.append(f"the folder also holds, and these are not read: {', '.join(names[:_SHOWN])}{more}")
    for name, columns in sources.items():
        if columns:
            count = "a column that is" if len(columns) == 1 else f"{len(columns)} columns that are"
            read = "is not read" if len(columns) == 1 else "are not read"
            notes.append(f"{name} has {count} not in the contract and {read}: {', '.join(columns)}")
    return notes


def _with_hint(path: Path, folder: Path, sources: Collection[str]) -> str:
    """The name of a file that is not read, and what it may have been meant to be."""
    name = path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")
    if path.parent != folder:
        return name
    missing = [contract for contract in FILES if contract not in sources]
    close = difflib.get_close_matches(plain_name(path.name.split(".")[0]), missing, 1, cutoff=0.8)
    if not close:
        return name
    return f"{name} (rename it to {close[0]}, as CSV, .xlsx or Parquet, if it is that)"
