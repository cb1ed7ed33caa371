"""Where a workspace's node server listens, and how it speaks: a line of JSON each way."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOCK = ".nodes.lock"
LONGEST_LINE = 1 << 16
_SOCKET = ".nodes.sock"


@contextmanager
def address(root: Path) -> Iterator[str]:
    """The socket's path; by way of a file descriptor, since a socket's address holds 107 bytes and paths are longer."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{_SOCKET}"
    finally:
        os.close(folder)


class Line:
    """A client as its server sees it; no call waits for the client or fails because of it.

    Attributes:
        socket: its connection.
        unsent: what it has not taken yet.
        gone: it hung up, or sends what is no line.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Args: connection: with the client."""
        connection.setblocking(False)
        self.socket = connection
        self.unsent = b""
        self.gone = False
        self._received = b""

    def lines(self) -> list[bytes]:
        """The whole lines that have come, without those that are empty."""
        try:
            part = self.socket.recv(LONGEST_LINE)
        except BlockingIOError:
            return []
        except OSError:
            part = b""
        if not part:
            self.gone = True
            return []
        *whole, self._received = (self._received + part).split(b"\n")
        if len(self._received) > LONGEST_LINE:
            self.send({"refused": f"a request is at most {LONGEST_LINE} bytes"})
            self.gone = True
        return [line for line in whole if line.strip()]

    def send(self, answer: Mapping[str, Any]) -> None:
        """Sends a line, now or when the client takes it."""
        self.unsent += json.dumps(answer, default=str).encode() + b"\n"
        self.flush()

    def flush(self) -> None:
        """Sends what the client takes."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.gone = True
