"""Numbers: read in bulk where they are plain, word by word where people wrote them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings
from components.example_generation.columns import Column
from components.example_generation.values import number_forms
from components.example_generation.values.notation import PLAIN, LazyNotation
from components.example_generation.values.placeholders import empty_words, remark_placeholders
from components.example_generation.values.raw_columns import decode, is_text, wrong_type
from contracts.arrays import Flags


def cast_number(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array | None:
    """A column as float64; what is wrong or empty is null. None where its type is wrong."""
    if is_text(raw.type):
        numbers = _parse(column, raw, findings, notation)
    elif (
        pa.types.is_integer(raw.type)
        or pa.types.is_floating(raw.type)
        or pa.types.is_decimal(raw.type)
        or pa.types.is_boolean(raw.type)
    ):
        raw_numbers = raw.cast(pa.uint8()) if pa.types.is_boolean(raw.type) else raw
        numbers = raw_numbers.cast(pa.float64(), safe=False)
    else:
        wrong_type(column, raw, findings, "Store it as numbers")
        return None
    return _within_bounds(column, numbers, raw, findings)


def _within_bounds(column: Column, numbers: pa.Array, raw: pa.Array, findings: Findings) -> pa.Array:
    values = numbers.to_numpy(zero_copy_only=False)  # null becomes NaN
    valid = ~np.isnan(values)
    if column.filled:
        missing = ~valid & ~findings.marked(column.name)
        remedy = "Write a number in each row, or leave the row out"
        findings.add(missing, "missing_value", column.name, raw, "a value is missing", remedy)
    finite = "Write a number below 1e38" + ("" if column.filled else ", or leave the value empty")
    with np.errstate(over="ignore", invalid="ignore"):
        endless = valid & ~np.isfinite(values.astype(np.float32))
    findings.add(endless, "not_finite", column.name, raw, "a value is not a finite number", finite)
    valid &= ~endless
    outside = np.zeros(values.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        if column.low is not None:
            outside |= values <= column.low if column.low_excluded else values < column.low
        if column.high is not None:
            outside |= values > column.high
        if column.whole:
            outside |= values != np.floor(values)
    findings.add(
        outside & valid, column.rule, column.name, raw, f"a value {column.range_text}", column.remedy
    )
    valid &= ~outside
    with np.errstate(invalid="ignore"):
        beyond = values > column.most
        if column.least is not None:
            beyond |= values < column.least
    remedy = ", or ".join(
        ["Correct it", *["write it in larger units"][column.whole :], *["leave it empty"][column.filled :]]
    )
    message = f"a value must be {column.bounds_text}"
    findings.add(beyond & valid, "out_of_bounds", column.name, raw, message, remedy)
    return pa.array(values, mask=~(valid & ~beyond))


def _parse(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array:
    text = decode(column.name, raw, findings)
    if notation.numbers_are_plain:
        try:
            numbers = text.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            if not pc.any(pc.is_nan(numbers)).as_py():  # a placeholder, which is counted
                return numbers
    return _parse_words(column, text, raw, findings, notation)


def _parse_words(
    column: Column, text: pa.Array, raw: pa.Array, findings: Findings, notation: LazyNotation
) -> pa.Array:
    """Numbers repeat, so each distinct text is read once."""
    coded = text.dictionary_encode()
    codes = coded.indices
    words = number_forms.tidy(coded.dictionary)
    if column.is_flag:
        words = _truths(words)
    empty = empty_words(words, notation.placeholders)
    remark_placeholders(column.name, words, empty, codes, findings)
    sure = number_forms.unmistakable(words)
    plain = pc.or_(pc.or_(sure, empty), number_forms.written_with(words, ".", grouped=False))
    # A file whose only oddities are placeholders need not be looked through.
    skip = notation.numbers_are_plain and pc.all(plain, min_count=0).as_py()
    how = PLAIN if skip else notation()
    if how.decimal is None:
        either = [number_forms.written_with(words, sign) for sign in (".", ",")]
        doubtful = pc.and_(pc.and_(*either), number_forms.has_sign(words))
        message = (
            "a value can be read in two ways, since nothing tells the decimal sign from one of thousands"
        )
        remedy = "Write plain numbers with a decimal point, or say it: data.dialect.decimal: '.' or ','"
        findings.add(_rows(doubtful, codes), "ambiguous_number", column.name, raw, message, remedy)
        readable = pc.and_not(pc.or_(sure, pc.or_(*either)), doubtful)
    else:
        doubtful = pa.array(np.zeros(len(words), dtype=bool))
        readable = pc.or_(sure, number_forms.written_with(words, how.decimal, how.grouped))
        if how.decimal == ",":
            findings.remark(None, "decimal commas")
        if pc.any(
            pc.and_(readable, number_forms.parts_thousands(coded.dictionary, words, how.decimal))
        ).as_py():
            findings.remark(None, "signs between thousands")
    wrong = pc.invert(pc.or_(pc.or_(readable, empty), doubtful))
    remedy = "Write plain numbers with a decimal point, without units or thousands separators"
    if how.decimal == ",":
        remedy = "The file has decimal commas: write each number with one, without units"
    if column.open:
        remedy += "; if the column is text, name it in data.text_columns"
    findings.add(_rows(wrong, codes), "not_a_number", column.name, raw, "a value is not a number", remedy)
    numbers = number_forms.to_floats(words, how.decimal or ".", pc.and_not(readable, empty))
    return numbers.take(codes)


def _rows(words: pa.Array, codes: pa.Array) -> Flags:
    """A mask of distinct words as one of rows."""
    return np.asarray(words.take(codes).fill_null(False))


def _truths(words: pa.Array) -> pa.Array:
    """Words for 1 and 0, as spreadsheets and databases write them."""
    for truth, number in (("true", "1"), ("false", "0")):
        words = pc.replace_substring_regex(words, f"(?i)^{truth}$", number)
    return words
