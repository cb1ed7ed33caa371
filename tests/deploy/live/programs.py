"""Real programs on loopback, each on a free port, ended by their ids."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.places import ROOT

OWN = ROOT / ".cache" / "observability"
"""Where make test-observability puts what no package has."""
DEPLOY = ROOT / "deploy"
T = TypeVar("T")


def program(name: str) -> str:
    """The path of a program; skips where it is not there."""
    found = shutil.which(name) or shutil.which(name, path=str(OWN))
    if found is None:
        pytest.skip(f"{name} is not installed; scripts/observability_tools.sh says how")
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def get(address: str, token: str = "") -> str:
    request = urllib.request.Request(address)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as reply:
        text: str = reply.read().decode()
        return text


def until(found: Callable[[], T | None], what: str, seconds: float = 90) -> T:
    """What is found at last; fails where nothing is."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, OSError):
            if result := found():
                return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    ready: str | Callable[[], object],
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 90,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts.

    Args:
        ready: an address that answers once it has started, or what asks in another way and raises OSError until then.
        seconds: that it may take to start.
    """
    with log.open("ab") as out:
        started = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
        )
    try:

        def answers() -> bool:
            assert started.poll() is None, f"{command[0]} ended: {log.read_text()[-2000:]}"
            found = get(ready) if isinstance(ready, str) else ready()
            return found is not None

        until(answers, f"{command[0]} is ready", seconds)
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
