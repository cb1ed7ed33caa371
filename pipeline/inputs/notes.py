"""What a command has to say of a folder beside the report of reading it."""

from __future__ import annotations

from collections.abc import Callable

from components.example_generation.report import IngestReport

OnRead = Callable[[IngestReport], None]
"""Is told what reading a folder came to before anything is made of it, which may fail."""


def non_empty(*notes: str) -> tuple[str, ...]:
    """Those of some notes that say anything."""
    return tuple(note for note in notes if note)
