"""Raw columns: what kind of values they hold, and their texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings
from components.example_generation.columns import Column
from components.example_generation.reading.layouts import ENCODING_REMEDY
from contracts.arrays import Integers


def is_text(kind: pa.DataType) -> bool:
    """Is it text, or the bytes of a text?"""
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def counted_texts(column: pa.Array) -> tuple[pa.Array, Integers] | None:
    """The texts of a column, each once, and how often; None where it holds none. What is not UTF-8 is spelt out."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not is_text(column.type):
        return None
    found = pc.value_counts(column.drop_null())
    words, counts = found.field(0), found.field(1).to_numpy(zero_copy_only=False)
    try:
        return words.cast(pa.string()), counts
    except pa.ArrowInvalid:
        texts = [word.decode(errors="backslashreplace") for word in words.to_pylist()]
        return pa.array(texts, pa.string()), counts


def decode(column: str, raw: pa.Array, findings: Findings) -> pa.Array:
    """Bytes to text; rows that are not UTF-8 are reported and become null."""
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        broken = np.zeros(len(raw), dtype=bool)
        for index, value in enumerate(raw.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                texts.append(None)
                broken[index] = True
        findings.add(broken, "bad_encoding", column, raw, "a value is not UTF-8 text", ENCODING_REMEDY)
        return pa.array(texts, pa.string())


def wrong_type(column: Column, raw: pa.Array, findings: Findings, remedy: str) -> None:
    """Report a column whose type cannot be what the contract wants."""
    wanted = {"date": "dates", "key": "text", "number": "numbers", "text": "text"}[column.kind]
    nested = ", which holds further values" if pa.types.is_nested(raw.type) else ""
    message = f"the column is of type {raw.type}{nested}, not {wanted}"
    findings.add_file("wrong_type", column.name, message, remedy)
