"""What a command has to say of a folder beside the report of reading it."""

from __future__ import annotations


def told(*notes: str) -> tuple[str, ...]:
    """Those of some notes that say anything."""
    return tuple(note for note in notes if note)
