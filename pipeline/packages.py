"""The packages that this program is made of."""

from __future__ import annotations

from functools import cache
from importlib import metadata

DISTRIBUTION = "retail-inventory"


@cache
def rooms() -> tuple[str, ...]:
    """Names of our own top-level packages, as they are installed."""
    listed = metadata.distribution(DISTRIBUTION).read_text("top_level.txt")
    assert listed is not None
    return tuple(sorted(listed.split()))
