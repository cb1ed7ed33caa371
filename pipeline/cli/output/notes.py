"""What reading a folder came to, in the same words after every command that reads one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from rich.console import Console

from components.example_generation.report import IngestReport
from pipeline.inputs.notes import OnRead


def reading(console: Console) -> OnRead:
    """Prints what reading a folder came to when that is known, whatever becomes of the command."""
    return partial(print_read, console=console)


def print_read(report: IngestReport, console: Console) -> None:
    """Rows set aside, fallbacks and notes of a folder that a command has read."""
    fallbacks = [(fallback.what, fallback.used) for fallback in report.fallbacks]
    rejected = sum(report.rejected_rows.values())
    print_findings(rejected, None, fallbacks, (*report.notes, *report.rejected_reasons), console)


def print_findings(
    rejected: int,
    quarantine: Path | None,
    fallbacks: Iterable[tuple[str, str]],
    notes: Iterable[str],
    console: Console,
) -> None:
    """The same, from their parts.

    Args:
        rejected: rows set aside.
        quarantine: where they lie; None: nowhere.
        fallbacks: what is missing, and what is used in its place.
        notes: whatever else there is to say.
    """
    lines = []
    if rejected:
        lines.append(f"rows set aside as bad: {rejected:,}" + (f", in {quarantine}" if quarantine else ""))
    lines += [f"fallback: {what}: {used}" for what, used in fallbacks]
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
    print_notes(notes, console)


def print_notes(notes: Iterable[str], console: Console) -> None:
    """A line each."""
    for note in notes:
        console.print(f"  note: {note}", soft_wrap=True)
