"""A pair from another serving directory, under the number that it has there: what serves here is what was judged."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from contracts.models import MODELS, WATCH
from serving.directory.changing import changing, prune, show
from serving.directory.layout import ServingError, State, hold, model_folder, read_manifest, read_state
from serving.directory.pushing import WITHDRAWN, copy_pair, stage_of
from serving.directory.switching import Clock, serving_alone, verify

LOG = logging.getLogger(__name__)


def takeable(source: Path, version: int | None) -> int:
    """The version of another serving directory that may be taken; its files are as they were pushed.

    Args:
        source: the other directory.
        version: None: the one that serves there.

    Raises:
        ServingError: it is not kept there, was rolled back, or its files are damaged.
    """
    state = read_state(source)
    wanted = state.stable if version is None else version
    if wanted is None or wanted not in state.kept:
        kept = ", ".join(map(str, state.kept)) or "none"
        raise ServingError(f"{source}: keeps no version {wanted or 'that serves'}; kept are: {kept}")
    if stage_of(state, wanted) == WITHDRAWN:
        raise ServingError(
            f"{source}: version {wanted} was rolled back; take another, or let it serve there first"
        )
    verify(source, wanted)
    return wanted


def take(
    root: Path, source: Path, version: int, *, keep: int, by: str, reason: str = "", clock: Clock = time.time
) -> tuple[State, State]:
    """Lets a pair of another serving directory serve here; later ones that are here are withdrawn.

    Args:
        root: the serving directory that takes it, which need not be there.
        source: the other one.
        version: that is kept there.
        keep: how many versions stay, apart from the one that serves.
        by: who asks.
        clock: seconds since 1970.

    Returns:
        The state before and the one now; the same where it served already, alone.

    Raises:
        ServingError: it is not kept there, its files are damaged, or another pair has its number here.
    """
    takeable(source, version)
    with hold(source, version), changing(root, f", and version {version} was to be taken from {source}"):
        state = read_state(root)
        prune(root, state)
        manifest = read_manifest(source, version)
        if version not in state.kept:
            copy_pair(root, _folders(source, version), manifest)
        elif read_manifest(root, version)["files"] != manifest["files"]:
            raise ServingError(f"{root}: has another pair of the number {version}; it is of another source")
        verify(root, version)
        known = replace(
            state,
            # Unseen until it serves.
            withdrawn=tuple(sorted({*state.withdrawn, *({version} - set(state.versions))})),
            last_version=max(state.last_version, version),
        )
        following = _with_kept(serving_alone(known, version), keep)
        if replace(following, sequence=state.sequence) == state:
            return state, state
        show(root, following, "take", clock(), by, reason)
        prune(root, following)
        LOG.info("taken", extra={"from_version": state.stable, "to_version": version})
        return state, following


def _folders(source: Path, version: int) -> dict[str, Path]:
    """Of both models, and of the demand watch where the version has one."""
    folders = {model: model_folder(source, version, model) for model in (*MODELS, WATCH)}
    return {model: folder for model, folder in folders.items() if model in MODELS or folder.is_dir()}


def _with_kept(state: State, keep: int) -> State:
    """Without what is not to be kept any more."""
    return replace(
        state,
        versions=tuple(v for v in state.versions if v == state.stable or v in state.versions[-keep:]),
        withdrawn=state.withdrawn[-keep:],
        untried=tuple(v for v in state.untried if v in state.versions[-keep:]),
    )
