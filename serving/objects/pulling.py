"""Pulling what a store shows into a serving directory, which services on this machine read as any other."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contracts.durable import differing, write_file
from contracts.errors import UserError
from serving.directory.changing import changing, draft, prune, show
from serving.directory.layout import (
    MANIFEST_FILE,
    PAIRS,
    ServingError,
    State,
    hold,
    read_history,
    read_state,
)
from serving.directory.switching import verify
from serving.objects.layout import (
    CURRENT,
    Change,
    Entry,
    Pointer,
    damaged,
    digest,
    key_of,
    manifest_key,
    read_pair_manifest,
    read_pointer,
)
from serving.objects.store import ObjectStore

LOG = logging.getLogger(__name__)
PULL = "pull"
_OF_A_FOLLOWER = (PULL, "serve-config")
"""What may have been done to a directory that follows a store."""


@dataclass(frozen=True)
class Pulled:
    """How a pull ended.

    Attributes:
        tag: of what the store shows; another one asks only whether it is still that.
        before: state of the serving directory.
        now: the same where nothing was to be done.
    """

    tag: str
    before: State
    now: State


def pull(root: Path, store: ObjectStore, known: str = "", clock: Callable[[], float] = time.time) -> Pulled:
    """Has a serving directory show what a store shows: downloaded aside, compared file by file, and only then named.

    Args:
        root: the serving directory, which need not be there.
        store: that was published to.
        known: tag of what was pulled last; nothing is done where the store shows it still.
        clock: seconds since 1970.

    Raises:
        ServingError: nothing was published, what was is damaged, or the directory does not follow a store.
        UserError, SystemFault: of the store, or of the disk; what served before serves on.
    """
    found = store.read(CURRENT, known)
    if found is None:
        raise ServingError(
            f"{store}: nothing was published there yet; name the address as publication.address of a run"
        )
    if known and found.tag == known:
        state = read_state(root)
        return Pulled(known, state, state)
    pointer = read_pointer(found.content, store)
    with changing(root, f", and pair {pointer.shown.stable} was to be pulled from {store}"):
        state = read_state(root)
        _require_follower(root)
        prune(root, state)
        for version in pointer.shown.versions:
            _take_up(root, store, state, pointer, version)
        following = _following(state, pointer.shown)
        if _seen(following) == _seen(state):
            return Pulled(found.tag, state, state)
        change = pointer.shown
        why = f"{change.action} of {change.at}{f': {change.reason}' if change.reason else ''}"
        show(root, following, PULL, clock(), change.by, why)
        prune(root, following)
        LOG.info("pulled", extra={"from_version": state.stable, "to_version": following.stable})
        return Pulled(found.tag, state, following)


def _require_follower(root: Path) -> None:
    """Nobody's own pushes and roll-backs are undone by what a store shows."""
    history = read_history(root)
    if history and history[-1]["action"] not in _OF_A_FOLLOWER:
        last = history[-1]
        raise ServingError(
            f"{root}: was changed here last ({last['action']} of {last['at']} by {last['by']}), and stays as it is; "
            "a directory that follows a store is changed by nothing else: give another --workspace"
        )


def _take_up(root: Path, store: ObjectStore, state: State, pointer: Pointer, version: int) -> None:
    """Has the files of a pair in their place, whole and on the disk, where no reader sees them yet."""
    entry = pointer.entry(version)
    if entry is None:
        raise ServingError(f"{store}/{CURRENT}: shows pair {version}, and does not say where it is")
    if version not in state.kept:
        download(root, store, entry)
        return
    with hold(root, version) as file:
        if digest(file.read()) != entry.manifest:
            raise ServingError(
                f"{root}: has another pair of the number {version}, pulled from elsewhere; give another --workspace"
            )
    try:
        verify(root, version)
    except ServingError as error:
        # It may be what serves, and is read: nothing is put in its place under a reader's eyes.
        raise ServingError(
            f"{error}. What is in {root} was pulled: stop the service, remove that folder, and it is pulled anew"
        ) from None


def download(root: Path, store: ObjectStore, entry: Entry) -> None:
    """Downloads a pair to its place. Must be called within ``changing``.

    Raises:
        ServingError: it is not as it was published.
    """
    found = store.read(manifest_key(entry.place))
    if found is None:
        raise ServingError(damaged(store, entry.version, MANIFEST_FILE))
    manifest = read_pair_manifest(found.content, entry, store)
    with draft(root, root / PAIRS / str(entry.version)) as folder:
        for name in manifest["files"]:
            _download_file(store, entry, name, folder / name)
        wrong = differing(folder, manifest["files"])
        if wrong:
            raise ServingError(damaged(store, entry.version, wrong[0]))
        write_file(folder / MANIFEST_FILE, found.content.decode())


def _download_file(store: ObjectStore, entry: Entry, name: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as writing:
        for chunk in store.chunks(key_of(entry.place, name)):
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def _seen(state: State) -> tuple[int | None, int | None, tuple[int, ...]]:
    return state.stable, state.canary, state.versions


def _following(state: State, change: Change) -> State:
    """What the store shows is seen; what was seen before stays beside it, so that a way back costs no download."""
    return replace(
        state,
        sequence=state.sequence + 1,
        stable=change.stable,
        canary=change.canary,
        versions=change.versions,
        withdrawn=tuple(v for v in state.versions if v not in change.versions),
        untried=(),
        last_version=max(state.last_version, *change.versions),
    )


def described(pointer: Pointer) -> dict[str, Any]:
    """What a store shows, for people and programs."""
    return {
        **pointer.shown.model_dump(exclude={"sequence"}),
        "sequence": pointer.sequence,
        "pairs": [entry.version for entry in pointer.pairs],
    }


def read_shown(store: ObjectStore) -> Pointer:
    """What a store shows.

    Raises:
        UserError: nothing was published there, besides what the store raises.
    """
    found = store.read(CURRENT)
    if found is None:
        raise UserError(f"{store}: nothing was published there yet; call 'retail-inventory publication sync'")
    return read_pointer(found.content, store)
