"""Between versions that are there: back to an earlier pair, from canary to stable, or the canary away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from contracts.durable import differing
from serving.directory.changing import changing, show
from serving.directory.layout import MANIFEST_FILE, PAIRS, ServingError, State, read_manifest, read_state

LOG = logging.getLogger(__name__)
Clock = Callable[[], float]


def roll_back(
    root: Path, to: int | None, by: str, reason: str = "", clock: Clock = time.time
) -> tuple[State, State]:
    """Lets an earlier pair serve; every later one is withdrawn, and not pushed again by a run on the same data.

    Args:
        root: the serving directory.
        to: any kept version, withdrawn ones too; unset: what serves without the canary, or, where there is none, the
            version before the stable one.
        by: who asks.
        clock: seconds since 1970.

    Returns:
        The state before and the one now; the same where that version served already, alone.

    Raises:
        ServingError: there is no such version, or its files are damaged.
    """
    with changing(root):
        state = read_state(root)
        target = _target(state, to)
        if target == state.stable and state.canary is None and target == max(state.versions):
            return state, state
        verify(root, target)
        following = serving_alone(state, target)
        show(root, following, "rollback", clock(), by, reason)
        LOG.warning("rolled back", extra={"from_version": state.stable, "to_version": following.stable})
        return state, following


def serving_alone(state: State, version: int) -> State:
    """The state after one in which a kept version serves: later ones are withdrawn, and there is no canary."""
    withdrawn = tuple(v for v in state.kept if v > version or (v < version and v in state.withdrawn))
    return replace(
        state,
        sequence=state.sequence + 1,
        stable=version,
        canary=None,
        versions=tuple(v for v in state.kept if v not in withdrawn),
        withdrawn=withdrawn,
        untried=tuple(v for v in state.untried if v not in withdrawn and v != version),
    )


def _target(state: State, to: int | None) -> int:
    if to is None:
        if state.canary is not None and state.stable is not None:
            return state.stable
        earlier = version_before(state)
        if earlier is None:
            raise ServingError("there is no earlier version to roll back to; 'versions' lists what is kept")
        return earlier
    if to not in state.kept:
        kept = ", ".join(map(str, state.kept)) or "none"
        raise ServingError(f"version {to} is not kept; kept are: {kept}")
    return to


def version_before(state: State) -> int | None:
    """The newest version before the stable one that has served; None where there is none."""
    served = set(state.versions) - set(state.untried)
    return max((version for version in served if state.stable and version < state.stable), default=None)


def promote(
    root: Path, by: str, reason: str = "", clock: Clock = time.time, only: int | None = None
) -> tuple[State, State]:
    """Makes the canary the stable version.

    Args:
        root: the serving directory.
        by: who asks.
        clock: seconds since 1970.
        only: that version alone; a canary that was pushed meanwhile is another one.

    Returns:
        The state before and the one now.

    Raises:
        ServingError: there is no canary, another one than asked for, or its files are damaged.
    """
    with changing(root):
        state = read_state(root)
        if state.canary is None:
            raise ServingError(
                "there is no canary; a run pushes one where serving.canary is set, or promotion.mode is challenger"
            )
        _expect(state, only)
        verify(root, state.canary)
        following = replace(state, sequence=state.sequence + 1, stable=state.canary, canary=None)
        show(root, following, "promote", clock(), by, reason)
        LOG.info("promoted", extra={"from_version": state.stable, "to_version": following.stable})
        return state, following


def withdraw(
    root: Path, by: str, reason: str = "", clock: Clock = time.time, only: int | None = None
) -> tuple[State, State]:
    """Takes the canary away; what serves goes on, and needs no look at its files.

    Args, Returns: as of ``promote``.

    Raises:
        ServingError: there is no canary, or another one than asked for.
    """
    with changing(root):
        state = read_state(root)
        if state.canary is None or state.stable is None:
            raise ServingError("there is no canary; 'versions' lists what is kept")
        _expect(state, only)
        following = serving_alone(state, state.stable)
        show(root, following, "withdraw", clock(), by, reason)
        LOG.warning("canary withdrawn", extra={"version": state.canary, "stable": state.stable})
        return state, following


def _expect(state: State, only: int | None) -> None:
    if only not in (None, state.canary):
        raise ServingError(
            f"version {only} is the canary no longer, version {state.canary} is; look at it, and try again"
        )


def set_base_path(root: Path, base_path: str, by: str, clock: Clock = time.time) -> State:
    """Has every state from now on carry TensorFlow Serving's model configuration for a base path."""
    with changing(root):
        state = read_state(root)
        if state.stable is None:
            raise ServingError(f"{root}: holds no pushed pair; run the pipeline in this workspace first")
        if state.base_path != base_path:
            state = replace(state, sequence=state.sequence + 1, base_path=base_path)
            show(root, state, "serve-config", clock(), by)
        return state


def verify(root: Path, version: int) -> None:
    """Compares every file of a pair with its manifest.

    Raises:
        ServingError: a file is missing, is too many, or differs.
    """
    files = read_manifest(root, version)["files"]
    folder = root / PAIRS / str(version)
    wrong = [name for name in differing(folder, files) if name != MANIFEST_FILE]
    if wrong:
        raise ServingError(
            f"{folder}: {len(wrong)} file(s) are not as they were pushed, such as {wrong[0]}; choose another version"
        )
