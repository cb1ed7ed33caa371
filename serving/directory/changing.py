"""The only way in which a serving directory changes: a state is written aside, and one rename shows it."""

from __future__ import annotations

import errno
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from contracts.durable import point, sync_folder, write_file
from contracts.errors import SystemFault, is_systems
from contracts.models import MODELS
from serving.directory.layout import (
    CURRENT,
    HISTORY_FILE,
    LOCK,
    MANIFEST_FILE,
    PAIR_FILE,
    PAIRS,
    STATES,
    TF_SERVING_FILE,
    ServingError,
    State,
    read_history,
)
from serving.tensorflow_serving import models_config

DRAFT = ".draft-"
_REMEMBERED = 1000
_KEPT_STATES = 2
"""The one that is shown, and the one before, which a reader may just be listing."""
_KEPT_SECONDS = 10.0
"""So long an older one stays too once another is shown: pushes may follow each other faster than a reader lists."""


@contextmanager
def changing(root: Path, wanted: str = "") -> Iterator[None]:
    """Holds a serving directory against all other writers, and removes what a killed one left; waits for its turn.

    Args:
        root: the serving directory.
        wanted: what is to be done, for an error's message.

    Raises:
        ServingError: the directory cannot be written to; readers see what they saw before.
        SystemFault: the disk is full, or the like; the same.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / LOCK).open("a") as file:
            flock(file, LOCK_EX)
            for left in root.glob(DRAFT + "*"):
                shutil.rmtree(left)
            for folder in (PAIRS, STATES):
                (root / folder).mkdir(exist_ok=True)
            yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else f"cannot be written ({error})"
        remedy = "make room, and try again" if full else "see to it, and try again"
        kind = SystemFault if is_systems(error) else ServingError
        raise kind(f"{root}: {what}{wanted}; what served before serves on; {remedy}") from error


@contextmanager
def draft(root: Path, place: Path) -> Iterator[Path]:
    """A new folder to fill where nobody looks; at the block's end it is on the disk, and has its place below the root.

    Where the block fails, it is gone.
    """
    folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=root))
    try:
        folder.chmod(0o755)
        yield folder
        sync_folder(folder)
        if place.exists():
            # Renamed there by a process that was killed before it could show it, and held by nobody.
            shutil.rmtree(place)
        folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sync_folder(place.parent)


def show(root: Path, state: State, action: str, at: float, by: str, reason: str = "") -> None:
    """Makes a state the one that readers see. Must be called within ``changing``; everything it names is there.

    Args:
        root: the serving directory.
        state: the next one.
        action: what was done, such as push.
        at: when, seconds since 1970.
        by: who or what did it.
    """
    for name in (
        *MODELS,
        PAIR_FILE,
        HISTORY_FILE,
        *([TF_SERVING_FILE] if state.base_path is not None else ()),
    ):
        if not (root / name).is_symlink():
            point(root / name, f"{CURRENT}/{name}")
    record = {
        "sequence": state.sequence,
        "action": action,
        "at": moment(at),
        "by": by,
        "reason": reason,
        "stable": state.stable,
        "canary": state.canary,
    }
    history = [json.dumps(past) for past in [*read_history(root), record][-_REMEMBERED:]]
    place = root / STATES / f"{state.sequence:08d}"
    with draft(root, place) as folder:
        for model in MODELS:
            (folder / model).mkdir()
            for version in state.versions:
                (folder / model / str(version)).symlink_to(f"../../../{PAIRS}/{version}/{model}")
            sync_folder(folder / model)
        if state.base_path is not None:
            write_file(folder / TF_SERVING_FILE, models_config(state))
        write_file(folder / HISTORY_FILE, "\n".join(history) + "\n")
        write_file(folder / PAIR_FILE, state.to_json())
    point(root / CURRENT, f"{STATES}/{place.name}")


def moment(at: float) -> str:
    """Seconds since 1970 as ISO 8601, UTC."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")


def prune(root: Path, state: State) -> None:
    """Removes what the state does not name. What is held, or cannot be removed, stays until another time."""
    with suppress(OSError):
        _prune(root, state)


def _prune(root: Path, state: State) -> None:
    kept = {str(version) for version in state.kept}
    for folder in (root / PAIRS).iterdir():
        if folder.name not in kept:
            with _unless_held(folder) as free:
                if free:
                    _remove(root, folder)
    states = sorted((root / STATES).iterdir(), key=lambda folder: int(folder.name))
    for folder, next_one in itertools.pairwise(states):
        seconds = time.time() - next_one.stat().st_mtime
        if int(folder.name) <= state.sequence - _KEPT_STATES and seconds >= _KEPT_SECONDS:
            _remove(root, folder)


@contextmanager
def _unless_held(folder: Path) -> Iterator[bool]:
    """Whether nobody reads a pair; while within, nobody begins to."""
    manifest = folder / MANIFEST_FILE
    if not manifest.exists():
        yield True
        return
    with manifest.open("rb") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove(root: Path, folder: Path) -> None:
    """Takes a folder's name away at once, then its files; needs no room on the disk."""
    gone = root / f"{DRAFT}{folder.parent.name}-{folder.name}"
    folder.rename(gone)
    shutil.rmtree(gone)
