"""Publishing what a serving directory shows: files, then their manifest, then the one object that readers begin at."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from contracts.errors import SystemFault
from serving.directory.changing import moment
from serving.directory.layout import PAIRS, ServingError, hold, read_history, read_manifest
from serving.directory.switching import verify
from serving.objects.layout import (
    CURRENT,
    Change,
    Entry,
    Pointer,
    digest,
    key_of,
    manifest_key,
    place_of,
    read_pointer,
)
from serving.objects.probing import prove
from serving.objects.store import ObjectStore

_ATTEMPTS = 40
_PAUSE = 0.2
"""Seconds, at most, between two of them."""


@dataclass(frozen=True)
class Published:
    """How a publication ended.

    Attributes:
        shown: the change that the store shows now.
        ours: whether that is the serving directory's; another one's is later otherwise.
        sequence: of the store's pointer.
        uploaded: versions whose files were uploaded.
    """

    shown: Change
    ours: bool
    sequence: int
    uploaded: tuple[int, ...]


def publish(
    root: Path,
    store: ObjectStore,
    *,
    keep: int,
    grace: timedelta,
    again: bool = False,
    clock: Callable[[], float] = time.time,
) -> Published:
    """Has a store show what a serving directory shows. Twice is once, and at any moment the store shows whole pairs.

    Of two directories that are published to one address the later change is shown, in whichever order they come; the
    pairs of both are kept.

    Args:
        root: the serving directory.
        store: to publish to.
        keep: how many pairs stay there, apart from those that are shown.
        grace: how long what is no longer kept stays.
        again: upload the pairs once more, whether they are there or not.
        clock: seconds since 1970.

    Raises:
        ServingError: there is nothing to publish, a file is damaged, or another pair has the number of one.
        UserError, SystemFault: of the store; what it showed before it shows on.
    """
    change = latest_change(root)
    prove(store)
    begun = clock()
    manifests = {version: digest(_manifest(root, version)) for version in change.versions}
    uploaded: dict[int, Entry] = {}
    for _ in range(_ATTEMPTS):
        found = store.read(CURRENT)
        there = read_pointer(found.content, store) if found else None
        known = {entry.version: entry.manifest for entry in there.pairs} if there else {}
        # Looked at each time: somebody may have been faster with another pair of the same number.
        _refuse_others(store, known, manifests)
        lacking = [v for v in manifests if v not in uploaded and (again or v not in known)]
        later = there is None or change.order > there.shown.order
        if there is not None and not (later or lacking or uploaded):
            return Published(there.shown, there.shown == change, there.sequence, ())
        uploaded |= {version: upload(root, store, version) for version in lacking}
        now = clock()
        if timedelta(seconds=now - begun) > grace / 2:
            raise SystemFault(
                f"{store}: the upload took {timedelta(seconds=int(now - begun))}, so that its first files may be "
                "taken for a killed one's; see to the line, or raise publication.grace_hours"
            )
        following = _following(
            there, change if later or there is None else there.shown, uploaded, keep, grace, now
        )
        content = following.content()
        if store.replace(CURRENT, content, found.tag) if found else store.create(CURRENT, content):
            return Published(following.shown, following.shown == change, following.sequence, tuple(uploaded))
        time.sleep(random.uniform(0, _PAUSE))  # noqa: S311
    raise SystemFault(f"{store}: others publish there without a pause; try again later")


def latest_change(root: Path) -> Change:
    """What made the serving directory show what it shows.

    Raises:
        ServingError: it shows nothing.
    """
    history = read_history(root)
    if not history or history[-1]["stable"] is None:
        raise ServingError(f"{root}: holds no pushed pair; run the pipeline in this workspace first")
    record = history[-1]
    for earlier in reversed(history[:-1]):
        if _seen(earlier) != _seen(record):
            break
        # A change of something else, such as the configuration for TensorFlow Serving, makes nothing later.
        record = earlier
    fields = {name: record[name] for name in ("stable", "canary", "at", "action", "by", "reason")}
    return Change(**fields, sequence=record.get("sequence", 0))


def _seen(record: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return record["stable"], record["canary"]


def _refuse_others(store: ObjectStore, there: Mapping[int, str], here: Mapping[int, str]) -> None:
    """Compares the digests of manifests, by version."""
    for version in here.keys() & there.keys():
        if here[version] != there[version]:
            raise ServingError(
                f"{store}: has another pair of the number {version}, from another workspace that publishes there; "
                "publish each workspace to an address of its own, or run again: the next pair has another number"
            )


def _manifest(root: Path, version: int) -> bytes:
    with hold(root, version) as file:
        return file.read()


def upload(root: Path, store: ObjectStore, version: int) -> Entry:
    """Uploads a pair to a place of its own, its manifest last; nothing shows it yet.

    Raises:
        ServingError: a file is not as it was pushed, or did not arrive whole.
    """
    with hold(root, version) as file:
        verify(root, version)
        content = file.read()
        files = read_manifest(root, version)["files"]
        place = place_of(version, digest(content), secrets.token_hex(4))
        for name in files:
            store.write(key_of(place, name), root / PAIRS / str(version) / name)
        arrived = {found.key: found.size for found in store.listed(key_of(place, ""))}
        wrong = [name for name, sums in files.items() if arrived.get(key_of(place, name)) != sums["size"]]
        if wrong:
            raise ServingError(
                f"{store}: {len(wrong)} file(s) of pair {version} did not arrive whole, such as {wrong[0]}; what was "
                "shown is shown on. Try again, and look at the store if it happens twice"
            )
        store.write(manifest_key(place), content)
        return Entry(version=version, place=place, manifest=digest(content))


def _following(
    there: Pointer | None,
    shown: Change,
    uploaded: Mapping[int, Entry],
    keep: int,
    grace: timedelta,
    now: float,
) -> Pointer:
    """The content that follows, without what is not to be kept any more."""
    known = {entry.version: entry for entry in there.pairs} if there else {}
    entries = {**known, **uploaded}
    kept = {*shown.versions, *sorted(entries.keys() - set(shown.versions))[-keep:]}
    pairs = tuple(entries[version] for version in sorted(kept))
    return Pointer(
        sequence=there.sequence + 1 if there else 1,
        shown=shown,
        pairs=pairs,
        dropped=_dropped(there, [*known.values(), *uploaded.values()], pairs, grace, now),
    )


def _dropped(
    there: Pointer | None, known: Iterable[Entry], kept: tuple[Entry, ...], grace: timedelta, now: float
) -> dict[str, str]:
    """Places and since when they are not kept; forgotten once their age alone lets them be removed."""
    since = moment(now)
    oldest = datetime.fromtimestamp(now, timezone.utc) - 2 * grace
    before = {
        place: at
        for place, at in (there.dropped if there else {}).items()
        if datetime.fromisoformat(at) >= oldest
    }
    places = {entry.place for entry in kept}
    return before | {entry.place: since for entry in known if entry.place not in places}
