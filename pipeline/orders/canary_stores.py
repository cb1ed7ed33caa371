"""Which stores a challenger orders for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def canary_stores(stores: Iterable[str], share: float, version: int) -> frozenset[str]:
    """The stores that a challenger orders for: of each challenger others, and the same on each day and machine.

    They are those with the least hashes of version and id: of one store more or less, one of them changes at most, or
    their number does. As many as come nearest to the share, at least one and never all; of a single store none.

    Args:
        share: of the stores, more than 0 and less than 1.
        version: of the challenger.
    """
    by_hash = sorted(
        set(stores), key=lambda store: (hashlib.sha256(f"{version}:{store}".encode()).digest(), store)
    )
    count = min(max(round(share * len(by_hash)), 1), len(by_hash) - 1)
    return frozenset(by_hash[: max(count, 0)])
