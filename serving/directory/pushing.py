"""Pushing a pair: copied aside, compared file by file, on the disk, and only then named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contracts.durable import Checksums, checksums, copy_tree, differing, write_file
from contracts.models import STAGES, WATCH, Stage
from serving.directory.changing import changing, draft, moment, prune, show
from serving.directory.layout import (
    CARD_FILE,
    EXTRA,
    MANIFEST_FILE,
    PAIRS,
    ServingError,
    State,
    read_json,
    read_manifest,
    read_state,
)

STABLE, CANARY, EARLIER, WITHDRAWN = STAGES


@dataclass(frozen=True)
class Pushed:
    """How a push ended.

    Attributes:
        version: number of the pair.
        stage: STABLE or CANARY; WITHDRAWN or EARLIER where the same pair was pushed before and does not serve.
        new: whether this push brought it.
        pushed_at: when it was pushed first, ISO 8601, UTC.
        replaced: the canary that it took the place of, which nobody has decided upon; None: there was none.
    """

    version: int
    stage: Stage
    new: bool
    pushed_at: str
    replaced: int | None = None

    @property
    def visible(self) -> bool:
        """Whether readers see the pair."""
        return self.stage != WITHDRAWN


def push(
    root: Path,
    sources: Mapping[str, Path],
    facts: Mapping[str, Any],
    *,
    keep: int,
    canary: bool = False,
    by: str = "push",
    clock: Callable[[], float] = time.time,
) -> Pushed:
    """Pushes a pair of models. Readers see both or neither, and whole; a pair that is there already stays as it is.

    Args:
        root: the serving directory.
        sources: folder of the SavedModel of each of MODELS, and of the demand watch where one goes with them.
        facts: kept in the manifest for people to read.
        keep: how many versions stay, apart from those in use.
        canary: try the pair beside the stable one instead of in its place, unless it is that one with another demand
            watch: there is nothing to try in it.
        by: who pushes, for the history.
        clock: seconds since 1970; a version is never below the last one, whatever it says.

    Raises:
        ServingError: the models are no pair, a copy differs from its source, or the disk is full. Nothing has changed
            for readers then.
    """
    size = sum(file.stat().st_size for source in sources.values() for file in source.rglob("*"))
    with changing(root, f", and a pair of {size / 2**20:,.1f} MiB was to be pushed"):
        return _push(root, sources, facts, keep, canary, by, clock)


def _push(
    root: Path,
    sources: Mapping[str, Path],
    facts: Mapping[str, Any],
    keep: int,
    canary: bool,
    by: str,
    clock: Callable[[], float],
) -> Pushed:
    state = read_state(root)
    # What an earlier push could not finish, or could not remove, must not take the room that this one needs.
    prune(root, state)
    graph = common_graph({model: read_card(source) for model, source in sources.items()})
    files = {f"{model}/{name}": sum_ for model in sources for name, sum_ in checksums(sources[model]).items()}
    there = _kept_as(root, state, files)
    if there is not None:
        pushed_at = read_manifest(root, there)["pushed_at"]
        return Pushed(there, stage_of(state, there), False, pushed_at)
    now = clock()
    version = max(int(now), state.last_version + 1)
    manifest: dict[str, Any] = {
        "version": version,
        "pushed_at": moment(now),
        "transform_graph": graph,
        "files": files,
        "facts": dict(facts),
    }
    copy_pair(root, sources, manifest)
    tried = canary and not _orders_as_before(root, state, files, facts)
    following = _with_version(state, version, keep, tried)
    replaced = (
        "" if state.canary is None else f"in the place of canary {state.canary}, which was not decided upon"
    )
    show(root, following, "push", now, by, replaced)
    prune(root, following)
    return Pushed(version, stage_of(following, version), True, manifest["pushed_at"], state.canary)


def copy_pair(root: Path, sources: Mapping[str, Path], manifest: Mapping[str, Any]) -> None:
    """Gives a pair its place, whole and on the disk, where no reader sees it yet. Must be called within ``changing``.

    Raises:
        ServingError: a copy differs from what the manifest says.
    """
    expected: Checksums = manifest["files"]
    with draft(root, root / PAIRS / str(manifest["version"])) as folder:
        for model, source in sources.items():
            copy_tree(source, folder / model)
        wrong = differing(folder, expected)
        if wrong:
            raise ServingError(
                f"{folder}: {len(wrong)} file(s) differ from what was to be copied, such as {wrong[0]}; nothing was "
                "pushed. Run again, and look at the disk if it happens twice"
            )
        write_file(folder / MANIFEST_FILE, json.dumps(manifest, indent=1) + "\n")


def _kept_as(root: Path, state: State, files: Checksums) -> int | None:
    """The kept version that is what is to be pushed; None: it is a new one.

    The pair that serves, with another demand watch, is one more version. Of any other pair a new watch is no reason to
    bring it back, and a pair that comes without one is the pair that is there.
    """
    kept = {version: read_manifest(root, version)["files"] for version in reversed(state.kept)}
    same = [version for version in kept if _without_watch(kept[version]) == _without_watch(files)]
    if not same or files == _without_watch(files):
        return next(iter(same), None)
    serves = stage_of(state, same[0]) in (STABLE, CANARY)
    return next((version for version in same if kept[version] == files), None if serves else same[0])


def _orders_as_before(root: Path, state: State, files: Checksums, facts: Mapping[str, Any]) -> bool:
    """Whether a pair has the models of the one that serves, and plans by the same policy."""
    if state.stable is None:
        return False
    serves = read_manifest(root, state.stable)
    return _without_watch(serves["files"]) == _without_watch(files) and (
        serves["facts"].get("planning") == facts.get("planning")
    )


def _without_watch(files: Checksums) -> Checksums:
    return {name: sum_ for name, sum_ in files.items() if not name.startswith(f"{WATCH}/")}


def _with_version(state: State, version: int, keep: int, canary: bool) -> State:
    """The state that shows a new version, without those that are not to be kept any more."""
    stable = state.stable if canary and state.stable is not None else version
    known = (*state.versions, version)
    untried = tuple(v for v in known if v in state.untried or (v == state.canary))
    # Each kind is counted by itself: canaries that came to nothing must not push out what can be rolled back to.
    served = tuple(v for v in known if v not in untried)
    kept = {stable, version, *served[-keep:], *untried[-keep:]}
    return replace(
        state,
        sequence=state.sequence + 1,
        stable=stable,
        canary=version if stable != version else None,
        versions=tuple(v for v in known if v in kept),
        withdrawn=state.withdrawn[-keep:],
        untried=tuple(v for v in untried if v in kept),
        last_version=version,
    )


def stage_of(state: State, version: int) -> Stage:
    """What a kept version is to readers."""
    if version == state.stable:
        return STABLE
    if version == state.canary:
        return CANARY
    return WITHDRAWN if version in state.withdrawn else EARLIER


def read_card(model: Path) -> dict[str, Any]:
    """What a SavedModel says of itself.

    Raises:
        ServingError: it says nothing.
    """
    return read_json(model / EXTRA / CARD_FILE, "train the model again")


def common_graph(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Digest of the transform graph that both models of a pair carry.

    Raises:
        ServingError: they are no pair.
    """
    for model, card in cards.items():
        if card.get("model") != model:
            raise ServingError(f"{model}: the folder holds a model called {card.get('model')}")
    graphs = {card.get("transform_graph") for card in cards.values()}
    if len(graphs) != 1 or None in graphs:
        raise ServingError(
            "the two models carry different transform graphs, so they are no pair; train both in one run"
        )
    return str(graphs.pop())
