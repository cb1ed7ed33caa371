"""Which files lie in a folder: those of the contract, and the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from components.example_generation.columns import FileContract
from components.example_generation.contract import FILES, plain_name
from components.example_generation.reading.containers import ENDINGS, bare_name
from contracts.errors import UserError

_LEFT_BEHIND = ("_success", "thumbs.db", "desktop.ini", "true_demand")
"""What writers and systems leave in folders, besides names that begin with a dot or ~$; the last is our sample's."""


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


def candidates(folder: Path, contract: FileContract) -> list[Path]:
    """Files and folders of a folder that bear the name of a contract file; programs write folders `<name>.csv` too."""
    return [
        path
        for path in listed(folder)
        if (path.is_dir() or is_read(path)) and plain_name(bare_name(path.name)) == contract.name
    ]


def listed(folder: Path) -> list[Path]:
    """What a folder holds, by name, without what writers and systems leave behind."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "~$")) and path.name.lower() not in _LEFT_BEHIND
    )


def is_read(path: Path) -> bool:
    """Is a file of a name that is read?"""
    return path.name.lower().endswith(ENDINGS) and not path.name.startswith("_")


def below(path: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, in a fixed order; a file is itself."""
    if not path.is_dir():
        yield path
    elif not path.is_symlink() or path.exists():
        for inner in listed(path):
            yield from below(inner)


def parts_of(path: Path) -> list[Path]:
    """The parts of a folder by name; leaves out what writers leave behind, such as _SUCCESS."""
    return [part for part in below(path) if not path.is_dir() or is_read(part)]


def contract_files(folder: Path) -> list[Path]:
    """Every file of a folder that belongs to the contract, readable or not, in a fixed order."""
    return [
        part
        for contract in FILES.values()
        for path in candidates(folder, contract)
        for part in parts_of(path)
    ]
