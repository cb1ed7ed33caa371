"""The terminal that commands print to: what people call their products is shown as it is."""

from __future__ import annotations

from rich.console import Console


def terminal(*, stderr: bool = False) -> Console:
    """A console that takes no text for markup: brackets and colons in ids and paths are brackets and colons."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
