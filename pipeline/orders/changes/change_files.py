"""The files of new sales and stock: which there are, in the order of their names, and copies of what was taken up."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from components.example_generation.contract import FILES, plain_name
from components.example_generation.ingest import LARGE
from components.example_generation.reading.containers import bare_name
from components.example_generation.reading.listing import is_read, listed
from contracts.durable import replacing
from contracts.errors import UserError

_STAGED = ".staged"
"""Folder, beside the copies, of those that are not in a plan yet."""


@dataclass(frozen=True, order=True)
class ChangeFile:
    """One file, which is another one as soon as it holds anything else.

    Attributes:
        name: sorts in the order of time.
        digest: of its content.
        file: name in the contract.
        path: where it lies.
    """

    name: str
    digest: str
    file: str
    path: Path

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same file."""
        return self.name, self.digest


class ChangeFolder:
    """A folder of files, and the copies of those that were taken up: whoever moves a file away takes nothing back."""

    def __init__(self, folder: Path, copies: Path) -> None:
        """Args: folder: that files are dropped into. copies: a folder of ours, with one for each state of the data.

        Raises:
            UserError: there is no such folder.
        """
        if not folder.is_dir():
            raise UserError(f"{folder}: is no folder; give the one that new sales and stock are dropped into")
        self._folder = folder
        self._root = copies
        self._copies = copies
        self._digests: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def files(self) -> list[ChangeFile]:
        """All that there are, by name; of one name that of the folder goes before the copy."""
        found: dict[str, ChangeFile] = {}
        for folder in (self._copies, self._folder):
            for path in listed(folder) if folder.is_dir() else ():
                file = file_of(path.name)
                # Whoever moves a file away may do so at any time.
                with contextlib.suppress(FileNotFoundError):
                    if file is not None and path.is_file():
                        found[path.name] = ChangeFile(path.name, self._digest(path), file, path)
        return sorted(found.values())

    def strangers(self) -> list[str]:
        """Names of what lies in the folder and is neither sales nor stock."""
        return [
            path.name for path in listed(self._folder) if file_of(path.name) is None or not path.is_file()
        ]

    def copy_of(self, name: str) -> ChangeFile | None:
        """The copy of the file of a name that was taken up."""
        path, file = self._copies / name, file_of(name)
        return ChangeFile(name, self._digest(path), file, path) if file and path.exists() else None

    def stage(self, found: ChangeFile) -> ChangeFile | None:
        """A copy that nobody else writes to, of what the file holds by now; None if that is gone."""
        if found.path.parent == self._copies:
            return found
        folder = self._copies / _STAGED / secrets.token_hex(6)
        folder.mkdir(parents=True)
        path = folder / found.name
        try:
            shutil.copyfile(found.path, path)
        except FileNotFoundError:
            return None
        return ChangeFile(found.name, self._digest(path), found.file, path)

    def drop(self, staged: ChangeFile) -> None:
        """Removes a staged copy."""
        if staged.path.parent != self._copies:
            staged.path.unlink()

    def take(self, staged: ChangeFile) -> Path:
        """Keeps a staged copy for good, in the place of what was taken up under its name; where it lies."""
        target = self._copies / staged.name
        if staged.path != target:
            with replacing(target) as temporary:
                staged.path.rename(temporary)
        return target

    def of_data(self, signature: str) -> None:
        """Says which data the files came after: what other data had taken up is in the data by now, and is removed."""
        if self._copies == self._root / signature:
            return
        self._copies = self._root / signature
        shutil.rmtree(self._copies / _STAGED, ignore_errors=True)
        for old in self._root.iterdir() if self._root.is_dir() else ():
            if old != self._copies:
                shutil.rmtree(old)

    def _digest(self, path: Path) -> str:
        """Of its content, which is read again only where size, time or place say that it is another one."""
        found = path.stat()
        stamp = found.st_size, found.st_mtime_ns, found.st_ino
        if path not in self._digests or self._digests[path][0] != stamp:
            self._digests[path] = stamp, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
        return self._digests[path][1]


def file_of(name: str) -> str | None:
    """The contract file that a file is of, told by how its name ends: ``20260307T1015-sales_data.csv``."""
    if not is_read(Path(name)):
        return None
    bare = plain_name(bare_name(name))
    return next((file for file in FILES if file in LARGE and bare.endswith(file)), None)
