"""Where a workspace's node server listens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SOCKET = ".nodes.sock"


@contextmanager
def address(root: Path) -> Iterator[str]:
    """The socket's path; by way of a file descriptor, since a socket's address holds 107 bytes and paths are longer."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{_SOCKET}"
    finally:
        os.close(folder)
