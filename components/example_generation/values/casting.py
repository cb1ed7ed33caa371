"""Raw columns to the contract's types: in bulk, and looking for the culprits only when that fails."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings
from components.example_generation.columns import KEY_LENGTH, TEXT_LENGTH, Column
from components.example_generation.values.casting_dates import cast_date
from components.example_generation.values.casting_numbers import cast_number
from components.example_generation.values.notation import LazyNotation
from components.example_generation.values.number_forms import FORMULA
from components.example_generation.values.placeholders import empty_words, remark_placeholders
from components.example_generation.values.raw_columns import decode, is_text, wrong_type

_NUL, _BREAKS = r"\x00", r"[\r\n\v\f\x{85}\x{2028}\x{2029}]+"
_NUL_OR_BREAK = rf"{_NUL}|{_BREAKS}"


def cast_column(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array | None:
    """One column of a block in the type that the contract gives it.

    Args:
        column: the declaration.
        raw: bytes of a CSV file, or any type of a Parquet file.
        findings: takes up what is wrong, and what is said of how values were read.
        notation: how the file writes numbers and dates.

    Returns:
        date: int32, days since 1970-01-01; key: dictionary of text ('' where an optional key is empty);
        number: float64; text: text. Values that are wrong or empty are null. None where its type is wrong.
    """
    if pa.types.is_null(raw.type):
        raw = pa.array([None] * len(raw), pa.string())
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    if column.kind == "date":
        return cast_date(column, raw, findings, notation)
    if column.kind == "number":
        return cast_number(column, raw, findings, notation)
    return _cast_text(column, raw, findings, notation)


def _cast_text(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array | None:
    if pa.types.is_decimal(raw.type):
        raw = raw.cast(pa.float64(), safe=False) if raw.type.scale else raw.cast(pa.string())
    if pa.types.is_floating(raw.type):
        raw = _whole_identifiers(column, raw, findings)
    if not (is_text(raw.type) or pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type)):
        wrong_type(column, raw, findings, "Store it as text")
        return None
    # Identifiers repeat from row to row, so each distinct one is decoded and trimmed once.
    coded = raw.dictionary_encode()
    try:
        words = coded.dictionary.cast(pa.string())
    except pa.ArrowInvalid:
        coded = decode(column.name, raw, findings).dictionary_encode()
        words = coded.dictionary
    trimmed = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, FORMULA, r"\1"))
    if column.filled:
        placeholders = notation.placeholders if column.kind == "text" else frozenset[str]()
        empty = np.asarray(empty_words(trimmed, placeholders).take(coded.indices).fill_null(True))
        mask = empty & ~findings.marked(column.name)
        message, remedy = f"a {column.kind} is empty", "Name it in each row"
        findings.add(mask, f"empty_{column.kind}", column.name, raw, message, remedy)
    _check_words(column, trimmed, coded.indices, raw, findings)
    if column.kind == "text":
        return _words(column, trimmed, coded.indices, findings, notation)
    optional_empty = not column.filled and coded.null_count > 0
    if optional_empty or not trimmed.equals(words):
        # Two spellings that differ in blanks are one identifier.
        plain = trimmed.take(coded.indices)
        return (pc.fill_null(plain, "") if optional_empty else plain).dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, words)


def _words(
    column: Column, words: pa.Array, codes: pa.Array, findings: Findings, notation: LazyNotation
) -> pa.Array:
    """Texts without line breaks; empty where a placeholder stands."""
    plain = pc.replace_substring_regex(words, _BREAKS, " ")
    broken = pc.not_equal(plain, words)
    if pc.any(broken).as_py():
        count = pc.sum(broken.take(codes)).as_py()
        findings.remark(column.name, "line breaks read as a blank", count)
    empty = empty_words(plain, notation.placeholders)
    remark_placeholders(column.name, plain, empty, codes, findings)
    return pc.if_else(empty, None, plain).take(codes)


def _check_words(column: Column, words: pa.Array, codes: pa.Array, raw: pa.Array, findings: Findings) -> None:
    """What no text may hold, and what no identifier may."""
    if column.kind == "key":
        kind, longest, broken = "an identifier", KEY_LENGTH, _NUL_OR_BREAK
        what = "holds a line break or the character NUL"
    else:
        kind, longest, broken, what = "a text", TEXT_LENGTH, _NUL, "holds the character NUL"
    for rule, wrong, message, remedy in (
        ("unprintable", pc.match_substring_regex(words, broken), what, "Remove it from the text"),
        (
            "too_long",
            pc.greater(pc.utf8_length(words), longest),
            f"has more than {longest:,} characters",
            "Shorten it; an unclosed quote may have joined lines",
        ),
    ):
        if pc.any(wrong).as_py():
            mask = np.asarray(wrong.take(codes).fill_null(False))
            findings.add(mask, rule, column.name, raw, f"{kind} {message}", remedy)


def _whole_identifiers(column: Column, raw: pa.Array, findings: Findings) -> pa.Array:
    """Whole numbers stored as floats, as pandas does where it met an empty cell: 7.0 stands for 7."""
    empty = np.asarray(pc.is_null(raw, nan_is_null=True))
    numbers = raw.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(numbers) & (np.floor(numbers) == numbers)
    if column.kind == "text" and not (whole | empty).all():
        return pa.array(numbers, raw.type, mask=empty)
    remedy = "Store identifiers as text or whole numbers"
    message = "an identifier is neither text nor a whole number"
    findings.add(~whole & ~empty, "wrong_type", column.name, raw, message, remedy)
    return pa.array(np.where(whole, numbers, 0).astype(np.int64), mask=~whole)
