"""Seconds and peak memory of a command with its children; TFX components' seconds from ML Metadata."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Measured:
    """What one command took: wall seconds, and the largest resident memory of its process tree in GiB."""

    seconds: float
    peak_gib: float


def _tree_bytes(process: psutil.Process) -> int:
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:  # It ended between listing and asking.
            continue
    return total


def command(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, allowed: Sequence[int] = (0,)
) -> Measured:
    """Runs a command to its end, its output in ``log``; ``allowed`` are the exit codes that count as success.

    Raises:
        RuntimeError: the command failed; the message ends with the log's last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start, peak = time.perf_counter(), 0
    with log.open("wb") as out:
        started = subprocess.Popen(
            list(arguments),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        process = psutil.Process(started.pid)
        while started.poll() is None:
            try:
                peak = max(peak, _tree_bytes(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(SAMPLE_SECONDS)
        code = started.wait()
    seconds = time.perf_counter() - start
    if code not in allowed:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise RuntimeError(f"`{' '.join(arguments)}` ended with exit code {code}:\n{tail}")
    return Measured(seconds, peak / 2**30)


def component_seconds(metadata: Path) -> dict[str, float]:
    """Wall seconds of each execution in an ML Metadata SQLite file, in the order in which they ran."""
    query = """
        SELECT type.name, last_update_time_since_epoch - create_time_since_epoch
        FROM Execution AS execution JOIN Type AS type ON execution.type_id = type.id
        ORDER BY create_time_since_epoch
    """
    with closing(sqlite3.connect(metadata)) as connection:
        return {name.rsplit(".", 1)[-1]: span / 1000 for name, span in connection.execute(query)}
