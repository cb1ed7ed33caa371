"""Texts that stand for no value, such as NA: read as empty, and said with their counts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings


def empty_words(words: pa.Array, placeholders: frozenset[str]) -> pa.Array:
    """Which trimmed words stand for no value; placeholders are in small letters."""
    known = pa.array(["", *sorted(placeholders)], pa.string())
    return pc.is_in(pc.utf8_lower(words), value_set=known)


def remark_placeholders(
    column: str, words: pa.Array, empty: pa.Array, codes: pa.Array, findings: Findings
) -> None:
    """Say how many values are which placeholder."""
    there = words.filter(pc.and_(empty, pc.not_equal(words, "")))
    if len(there) == 0:
        return
    found = pc.value_counts(words.take(codes).filter(empty.take(codes).fill_null(False)))
    for entry in found.to_pylist():
        if entry["values"]:
            findings.remark(column, f"times {entry['values']!r} read as empty", entry["counts"])
