"""Files that are read anew when they are others, so that a change of them needs no restart."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from serving.directory.layout import ServingError

LOG = logging.getLogger(__name__)
Content = TypeVar("Content")


class Watched(Generic[Content]):
    """What was read of some files last."""

    def __init__(self, files: Sequence[Path], read: Callable[[], Content], what: str) -> None:
        """Args: files: that make it; read: reads them; what: they are called in a line of the log.

        Raises:
            ServingError: they cannot be used.
        """
        self._files, self._read, self._what = files, read, what
        self._seen = self._state()
        self.content = read()
        self.failure = ""
        """Why the newest files could not be taken up; empty where they were."""

    def refresh(self) -> None:
        """Reads files that are others; where they cannot be used that is told once, and what was read before stays."""
        state = self._state()
        if state == self._seen:
            return
        try:
            content = self._read()
        except ServingError as error:
            if str(error) != self.failure:
                LOG.error("%s: not taken up: %s", self._what, error)
            # Not marked as seen: whoever writes them one after the other, or in place, may be half done.
            self.failure = str(error)
            return
        self._seen, self.content, self.failure = state, content, ""
        LOG.info("%s: taken up", self._what)

    def _state(self) -> list[tuple[int, ...] | None]:
        """Differs where a file does; None: it is not there."""
        return [_state_of(file) for file in self._files]


def _state_of(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
