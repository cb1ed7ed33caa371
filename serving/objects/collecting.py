"""What nothing in the store names any more: of killed publications, and of pairs that are not kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from serving.objects.layout import CURRENT, PAIRS, PROBES, manifest_key, read_pointer
from serving.objects.store import Listed, ObjectStore


@dataclass(frozen=True)
class Collected:
    """What nothing names.

    Attributes:
        removed: places that are gone now.
        waiting: places that stay until their time is over.
        size: bytes that were removed.
    """

    removed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    size: int = 0


def collect(store: ObjectStore, grace: timedelta, clock: Callable[[], float] = time.time) -> Collected:
    """Removes what nothing has named for a while; a publication that is at work, or a reader, is not disturbed.

    Args:
        grace: how long it stays: since its last object was written, or since it was dropped.
        clock: seconds since 1970.
    """
    before = datetime.fromtimestamp(clock(), timezone.utc) - grace
    # Listed first: what is named meanwhile is in the pointer then.
    places: dict[str, list[Listed]] = {}
    for found in store.listed(PAIRS):
        places.setdefault(found.key.split("/")[1], []).append(found)
    probes = [found.key for found in store.listed(PROBES) if found.modified < before]
    current = store.read(CURRENT)
    pointer = read_pointer(current.content, store) if current else None
    named = {entry.place for entry in pointer.pairs} if pointer else set()
    dropped = pointer.dropped if pointer else {}
    removed, waiting, size = [], [], 0
    for place, objects in sorted(places.items()):
        if place in named:
            continue
        since = max(found.modified for found in objects)
        if place in dropped:
            since = max(since, datetime.fromisoformat(dropped[place]))
        if since >= before:
            waiting.append(place)
            continue
        # Its manifest first, so that what is left of it if this is cut off is no pair.
        store.remove([manifest_key(place)])
        store.remove(found.key for found in objects)
        removed.append(place)
        size += sum(found.size for found in objects)
    store.remove(probes)
    return Collected(tuple(removed), tuple(waiting), size)
