"""What data ask of the schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pipeline.schema_review.reviewing import Change


def print_changes(found: Sequence[Change], diff: str, schema: Path, console: Console) -> None:
    """Prints what accepting the data would change, and which rows ask for it."""
    if not found:
        console.print(f"{schema}: the data need no change", soft_wrap=True)
        return
    console.print(diff, soft_wrap=True)
    for change in found:
        kind = "is not in the schema" if change.old is None else "asks for the change"
        console.print(f"{change.feature}: {kind}; {change.count:,} row(s)", soft_wrap=True)
        for row in change.rows:
            console.print(f"  {row}", soft_wrap=True)


def print_accepted(features: Sequence[str], accepted: frozenset[str], schema: Path, console: Console) -> None:
    """Prints which of the features needed a change, and where it was written."""
    for name in features:
        console.print(f"{name}: {'accepted' if name in accepted else 'needs no change'}")
    if accepted:
        console.print(f"wrote {schema}; look at the change and commit it", soft_wrap=True)
