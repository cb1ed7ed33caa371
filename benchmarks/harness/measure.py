"""Seconds and peak memory of a command with its children; TFX components' seconds from ML Metadata."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 1.0
"""Counting shared pages walks a process's page tables and stops it meanwhile; more often would slow it down."""


@dataclass(frozen=True)
class Measured:
    """What one command took.

    Attributes:
        seconds: wall time.
        peak_gib: the largest memory of its process tree; pages that processes share count once where the system can
            tell (Linux: proportional set size), else for each of them.
        samples: (seconds since 1970-01-01, GiB) along its way.
        processor_seconds: user's and system's, of all processes of it that ended before it did; what others on the
            machine do shows in it least.
    """

    seconds: float
    peak_gib: float
    samples: tuple[tuple[float, float], ...] = ()
    processor_seconds: float = 0.0


def _tree_bytes(process: psutil.Process) -> int:
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            memory = member.memory_full_info()
        except psutil.NoSuchProcess:  # It ended between listing and asking.
            continue
        total += getattr(memory, "pss", memory.rss)
    return total


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, allowed: Sequence[int] = (0,)
) -> Measured:
    """Runs a command to its end, its output in ``log``; ``allowed`` are the exit codes that count as success.

    Raises:
        RuntimeError: the command failed; the message ends with the log's last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start, before, samples = time.perf_counter(), _processor_seconds(), []
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
                samples.append((time.time(), _tree_bytes(process) / 2**30))
            except psutil.NoSuchProcess:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(SAMPLE_SECONDS)
        code = started.wait()
    seconds = time.perf_counter() - start
    if code not in allowed:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise RuntimeError(f"`{' '.join(arguments)}` ended with exit code {code}:\n{tail}")
    peak = max((gib for _, gib in samples), default=0.0)
    return Measured(seconds, peak, tuple(samples), _processor_seconds() - before)


def component_spans(metadata: Path) -> dict[str, tuple[float, float]]:
    """When each execution in an ML Metadata SQLite file began and ended, seconds since 1970-01-01, in their order."""
    query = """
        SELECT type.name, create_time_since_epoch, last_update_time_since_epoch
        FROM Execution AS execution JOIN Type AS type ON execution.type_id = type.id
        ORDER BY create_time_since_epoch
    """
    with closing(sqlite3.connect(metadata)) as connection:
        found = connection.execute(query).fetchall()
    return {name.rsplit(".", 1)[-1]: (begun / 1000, ended / 1000) for name, begun, ended in found}


def component_seconds(metadata: Path) -> dict[str, float]:
    """Wall seconds of each execution, in the order in which they ran."""
    return {name: ended - begun for name, (begun, ended) in component_spans(metadata).items()}


def component_peaks(metadata: Path, taken: Measured) -> dict[str, dict[str, float]]:
    """Seconds of each execution, and the peak MiB of the whole process tree meanwhile."""
    return {
        name: {
            "seconds": ended - begun,
            "peak_mib": 1024 * max((gib for at, gib in taken.samples if begun <= at <= ended), default=0.0),
        }
        for name, (begun, ended) in component_spans(metadata).items()
    }
