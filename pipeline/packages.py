"""The packages that this program is made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "retail-inventory"
ROOT = Path(__file__).parents[1]
"""Where they lie."""


@cache
def rooms() -> tuple[str, ...]:
    """Names of our own top-level packages, as they are installed."""
    listed = metadata.distribution(DISTRIBUTION).read_text("top_level.txt")
    assert listed is not None
    return tuple(sorted(listed.split()))


def own_files() -> Iterator[Path]:
    """All files of our packages, in one order; what Python compiles of them is left out."""
    for room in rooms():
        for path in sorted((ROOT / room).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield path
