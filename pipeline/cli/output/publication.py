"""What an object store shows."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def print_publication(found: dict[str, Any], console: Console) -> None:
    """Prints what ``pipeline.publication.commands.show`` found."""
    canary = f", canary {found['canary']}" if found["canary"] is not None else ""
    reason = f": {found['reason']}" if found["reason"] else ""
    pairs = ", ".join(map(str, found["pairs"]))
    here = (
        "the same as here" if found["current"] else "not what serves here; 'publication sync' publishes that"
    )
    for line in (
        f"{found['address']} shows pair {found['stable']}{canary}, {here}",
        f"{found['action']} of {found['at']} by {found['by']}{reason}",
        f"pairs there: {pairs}",
    ):
        console.print(line, soft_wrap=True)
