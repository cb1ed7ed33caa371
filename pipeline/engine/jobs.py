"""What a workspace has running on Flink: a file each job, locked by the process that waits for it.

The kernel lets go of the lock of a process that was killed, so that whoever comes next knows which jobs are nobody's.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import SystemFault
from pipeline.workspace import take_lock

if TYPE_CHECKING:
    from pipeline.engine.flink import Cluster

LOG = logging.getLogger(__name__)
PATIENCE = 120.0
"""Seconds that a cancelled job has to end."""
_FOLDER, _ENDING = ".jobs", ".json"


@contextmanager
def recorded(root: Path, name: str, cluster: Cluster) -> Iterator[Path]:
    """Keeps a file of a job for the time of a block, which runs it; where the block breaks off, the job is cancelled.

    Args:
        root: the pipeline root of the workspace.
        name: of the job.
        cluster: which it goes to.
    """
    folder = root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path, unlocked = folder / f"{name}{_ENDING}", folder / f".{name}"
    with unlocked.open("w") as file:
        take_lock(file, None)
        json.dump(asdict(cluster), file)
        file.flush()
        unlocked.replace(path)
        try:
            yield path
        except BaseException:
            # What broke the block off is what is told; whoever comes next finds the file.
            with suppress(SystemFault):
                cluster.cancel(name, PATIENCE)
                path.unlink()
            raise
        path.unlink()


def cancel_left(root: Path) -> int:
    """Cancels the jobs of processes that are no more, and waits until they have ended; returns how many there were.

    Args:
        root: the pipeline root of the workspace.

    Raises:
        SystemFault: Flink does not answer, or does not end one of them.
    """
    folder = root / _FOLDER
    return sum(_cancel(path) for path in sorted(folder.glob(f"*{_ENDING}"))) if folder.exists() else 0


def _cancel(path: Path) -> int:
    try:
        file = path.open("r+")
    except FileNotFoundError:
        return 0
    with file:
        if not take_lock(file, 0.0):
            return 0
        # In a process of its own: what asks a job server starts threads, and nodes are forked from this one.
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            try:
                found = pool.submit(_cancel_on, json.load(file), path.stem).result()
            except SystemFault as error:
                raise SystemFault(
                    f"a job that a killed process left on Flink may still run: {error}. Where that cluster is gone for "
                    f"good, remove {path}"
                ) from error
        path.unlink(missing_ok=True)
    if found:
        LOG.warning("a job that a killed process left on Flink was cancelled", extra={"job": path.stem})
    return found


def _cancel_on(cluster: dict[str, str], name: str) -> int:
    from pipeline.engine.flink import Cluster

    return Cluster(**cluster).cancel(name, PATIENCE)
