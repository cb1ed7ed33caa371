"""The rows of the files of new sales and stock, each of which is read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from components.example_generation.ingest import Prepared
from components.example_generation.later import LaterFile, read_later
from contracts.errors import DataRejected, Problem
from pipeline.orders.changes.change_files import ChangeFile, ChangeFolder

Key = tuple[str, str]
"""Name and digest of a file."""
Read = Mapping[ChangeFile, LaterFile]
"""Files and their rows, oldest first."""


class FileRows:
    """What the files of a folder hold, and held.

    Attributes:
        of: rows of every file that was read, by name and digest.
    """

    def __init__(self, folder: ChangeFolder) -> None:
        """Args: folder: of the files."""
        self.of: dict[Key, LaterFile] = {}
        self._folder = folder
        self._staged: dict[Key, ChangeFile] = {}
        self._refused: set[Key] = set()

    def read(self, plain: Callable[[], Prepared], refuse: Callable[[DataRejected], None] | None) -> Read:
        """The files that there are now.

        Args:
            plain: gives the folder of data, looked through.
            refuse: is told once of each file that breaks the contract, in whose place goes what was taken up under its
                name before; None: they end it.

        Raises:
            DataRejected: files break the contract; names every problem of all.
        """
        found: dict[ChangeFile, LaterFile] = {}
        problems: list[Problem] = []
        for file in self._folder.files():
            try:
                staged = self._read(file, plain)
            except DataRejected as error:
                problems += error.problems
                if refuse is not None and file.key not in self._refused:
                    self._refused.add(file.key)
                    refuse(error)
                # What it held before is still in the plan.
                before = self._folder.copy_of(file.name)
                if before is None or refuse is None:
                    continue
                staged = self._read(before, plain)
            if staged is not None:
                found[staged] = self.of[staged.key]
        if problems and refuse is None:
            raise DataRejected(problems)
        return found

    def take(self, read: Read) -> None:
        """Keeps copies of files that are in a plan now."""
        for file, rows in read.items():
            path = self._folder.take(file)
            self.of[file.key] = rows.moved(path)
            self._staged[file.key] = ChangeFile(file.name, file.digest, file.file, path)

    def _read(self, file: ChangeFile, plain: Callable[[], Prepared]) -> ChangeFile | None:
        """The file as it was when it was read; None if it is gone.

        Raises:
            DataRejected: it breaks the contract.
        """
        if file.key in self._staged:
            return self._staged[file.key]
        staged = self._folder.stage(file)
        if staged is None:
            return None
        try:
            self.of[staged.key] = read_later(staged.path, staged.file, plain())
        except DataRejected:
            self._folder.drop(staged)
            raise
        self._staged[staged.key] = staged
        return staged
