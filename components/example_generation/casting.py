"""Raw columns to the contract's types: in bulk, and looking for the culprits only when that fails."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.contract import KEY_LENGTH, TEXT_LENGTH, Column
from components.example_generation.findings import Findings

NUMBER = r"^[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|nan|NaN|NAN|inf|Infinity)$"
_DATE = r"^\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?$"
_DATE_AND_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_TIME = r"^(\d{4}-\d{2}-\d{2})[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?$"
_NUL, _BREAKS = r"\x00", r"[\r\n\v\f\x{85}\x{2028}\x{2029}]+"
_NUL_OR_BREAK = rf"{_NUL}|{_BREAKS}"
_TIMED, _TIMED_REMEDY = (
    "a date carries a time of day",
    "Sum the rows of a period up, and date it without a time; data.duplicates: sum does both for sales_data",
)
_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2199, 12, 31).toordinal() - _EPOCH


def cast_column(column: Column, raw: pa.Array, findings: Findings) -> pa.Array | None:
    """One column of a block in the type that the contract gives it.

    Args:
        column: the declaration.
        raw: bytes of a CSV file, or any type of a Parquet file.
        findings: takes up what is wrong.

    Returns:
        date: int32, days since 1970-01-01; key: dictionary of text ('' where an optional key is empty);
        number: float64; text: text. Values that are wrong or empty are null. None where its type is wrong.
    """
    if pa.types.is_null(raw.type):
        raw = pa.array([None] * len(raw), pa.string())
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    if column.kind == "date":
        return _cast_date(column, raw, findings)
    if column.kind == "number":
        return _cast_number(column, raw, findings)
    return _cast_text(column, raw, findings)


def _wrong_type(column: Column, raw: pa.Array, findings: Findings, remedy: str) -> None:
    wanted = {"date": "dates", "key": "text", "number": "numbers", "text": "text"}[column.kind]
    findings.add_file("wrong_type", column.name, f"the column is of type {raw.type}, not {wanted}", remedy)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)


def _decode(column: str, raw: pa.Array, findings: Findings) -> pa.Array:
    """Bytes to text; rows that are not UTF-8 are reported and become null."""
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        broken = np.zeros(len(raw), dtype=bool)
        for place, value in enumerate(raw.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                texts.append(None)
                broken[place] = True
        remedy = "Save the file with the encoding UTF-8"
        findings.add(broken, "bad_encoding", column, raw, "a value is not UTF-8 text", remedy)
        return pa.array(texts, pa.string())


def _cast_text(column: Column, raw: pa.Array, findings: Findings) -> pa.Array | None:
    if pa.types.is_floating(raw.type):
        raw = _whole_identifiers(column, raw, findings)
    if not (_is_text(raw.type) or pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type)):
        _wrong_type(column, raw, findings, "Store it as text")
        return None
    # Identifiers repeat from row to row, so each distinct one is decoded and trimmed once.
    coded = raw.dictionary_encode()
    try:
        words = coded.dictionary.cast(pa.string())
    except pa.ArrowInvalid:
        coded = _decode(column.name, raw, findings).dictionary_encode()
        words = coded.dictionary
    trimmed = pc.utf8_trim_whitespace(words)
    if column.filled:
        empty = np.asarray(pc.equal(trimmed, "").take(coded.indices).fill_null(True))
        mask = empty & ~findings.marked(column.name)
        findings.add(mask, "empty_key", column.name, raw, "a key is empty", "Name it in each row")
    _check_words(column, trimmed, coded.indices, raw, findings)
    if column.kind == "text":
        plain = pc.replace_substring_regex(trimmed, _BREAKS, " ")
        return pc.if_else(pc.equal(plain, ""), None, plain).take(coded.indices)
    optional_empty = not column.filled and coded.null_count > 0
    if optional_empty or not trimmed.equals(words):
        # Two spellings that differ in blanks are one identifier.
        plain = trimmed.take(coded.indices)
        return (pc.fill_null(plain, "") if optional_empty else plain).dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, words)


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


def _cast_number(column: Column, raw: pa.Array, findings: Findings) -> pa.Array | None:
    if _is_text(raw.type):
        numbers = _parse_numbers(column.name, raw, findings)
    elif (
        pa.types.is_integer(raw.type)
        or pa.types.is_floating(raw.type)
        or pa.types.is_decimal(raw.type)
        or pa.types.is_boolean(raw.type)
    ):
        raw_numbers = raw.cast(pa.uint8()) if pa.types.is_boolean(raw.type) else raw
        numbers = raw_numbers.cast(pa.float64(), safe=False)
    else:
        _wrong_type(column, raw, findings, "Store it as numbers")
        return None
    values = numbers.to_numpy(zero_copy_only=False)  # null becomes NaN
    known = ~np.isnan(values)
    if column.filled:
        empty = np.asarray(raw.is_null())
        remedy = "Write a number in each row, or leave the row out"
        findings.add(empty, "missing_value", column.name, raw, "a value is missing", remedy)
        unreadable = findings.marked(column.name)
        not_number = ~known & ~empty & ~unreadable
        findings.add(not_number, "not_a_number", column.name, raw, "a value is not a number", remedy)
    finite = "Write a number below 1e38" + ("" if column.filled else ", or leave the value empty")
    with np.errstate(over="ignore", invalid="ignore"):
        endless = known & ~np.isfinite(values.astype(np.float32))
    findings.add(endless, "not_finite", column.name, raw, "a value is not a finite number", finite)
    known &= ~endless
    outside = np.zeros(values.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        if column.low is not None:
            outside |= values <= column.low if column.low_excluded else values < column.low
        if column.high is not None:
            outside |= values > column.high
        if column.whole:
            outside |= values != np.floor(values)
    findings.add(
        outside & known, column.rule, column.name, raw, f"a value {column.range_text}", column.remedy
    )
    known &= ~outside
    with np.errstate(invalid="ignore"):
        beyond = values > column.most
        if column.least is not None:
            beyond |= values < column.least
    remedy = "Correct it, or write it in larger units" + ("" if column.filled else ", or leave it empty")
    message = f"a value is not {column.bounds_text}"
    findings.add(beyond & known, "out_of_bounds", column.name, raw, message, remedy)
    return pa.array(values, mask=~(known & ~beyond))


def _parse_numbers(column: str, raw: pa.Array, findings: Findings) -> pa.Array:
    text = _decode(column, raw, findings)
    try:
        return text.cast(pa.float64())
    except pa.ArrowInvalid:
        text = pc.utf8_trim_whitespace(text)
        empty = pc.equal(text, "")
        readable = pc.or_kleene(pc.match_substring_regex(text, NUMBER), empty)
        wrong = ~np.asarray(readable.fill_null(True))
        remedy = "Write plain numbers with a decimal point, without units or thousands separators"
        findings.add(wrong, "not_a_number", column, raw, "a value is not a number", remedy)
        text = pc.if_else(pc.and_kleene(readable, pc.invert(empty)), text, None)
        # Not every version reads a leading plus.
        return pc.replace_substring_regex(text, r"^\+", "").cast(pa.float64())


def _cast_date(column: Column, raw: pa.Array, findings: Findings) -> pa.Array | None:
    if column.timed:
        raw = _days_alone(raw, findings)
    kind = raw.type
    wrong = "Write the date as YYYY-MM-DD"
    if _is_text(kind):
        days = _parse_dates(column.name, raw, findings)
    elif pa.types.is_date32(kind):
        days = raw.cast(pa.int32())
    elif pa.types.is_date64(kind):
        days = raw.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind) and kind.tz in (None, "UTC", "+00:00"):
        days = _floor_days(column.name, raw, findings)
    else:
        _wrong_type(column, raw, findings, "Store it as dates, or as text like 2024-01-31")
        return None
    empty = np.asarray(raw.is_null())
    findings.add(empty, "missing_date", column.name, raw, "a date is missing", wrong)
    numbers = days.fill_null(0).to_numpy(zero_copy_only=False)
    outside = (numbers < 0) | (numbers > _LAST_DAY)
    message = "a date lies outside 1970-01-01 .. 2199-12-31"
    findings.add(outside, "date_out_of_range", column.name, raw, message, "Correct the year")
    if outside.any():
        days = pc.if_else(pa.array(outside), None, days)
    return days


def _days_alone(raw: pa.Array, findings: Findings) -> pa.Array:
    """Dates without their times of day; what is no date stays as it is."""
    if pa.types.is_timestamp(raw.type):
        stamps = raw.cast(pa.timestamp("us", raw.type.tz), safe=False).cast(pa.int64())
        days, rest = np.divmod(stamps.fill_null(0).to_numpy(zero_copy_only=False), _DAY)
        findings.timed += int((rest != 0).sum())
        return pa.array(days.astype(np.int32), mask=np.asarray(raw.is_null())).cast(pa.date32())
    if not _is_text(raw.type):
        return raw
    coded = raw.dictionary_encode()
    try:
        words = coded.dictionary.cast(pa.string())
    except pa.ArrowInvalid:
        return raw
    plain = pc.replace_substring_regex(words, _TIME, r"\1")
    changed = np.asarray(pc.not_equal(plain, words).take(coded.indices).fill_null(False))
    findings.timed += int(changed.sum())
    return plain.take(coded.indices)


def _floor_days(column: str, raw: pa.Array, findings: Findings) -> pa.Array:
    stamps = raw.cast(pa.timestamp("us", raw.type.tz), safe=False).cast(pa.int64())
    ticks = stamps.fill_null(0).to_numpy(zero_copy_only=False)
    days, rest = np.divmod(ticks, _DAY)
    findings.add(rest != 0, "date_with_time", column, raw, _TIMED, _TIMED_REMEDY)
    return pa.array(days.astype(np.int32), mask=np.asarray(raw.is_null()) | (rest != 0))


def _parse_dates(column: str, raw: pa.Array, findings: Findings) -> pa.Array:
    """Dates repeat from series to series, so each distinct text is read once."""
    coded = _decode(column, raw, findings).dictionary_encode()
    matches = pc.match_substring_regex(coded.dictionary, _DATE).to_pylist()
    days: list[int | None] = []
    impossible = np.zeros(len(matches) + 1, dtype=bool)
    for place, (text, match) in enumerate(zip(coded.dictionary.to_pylist(), matches, strict=True)):
        try:
            days.append(date.fromisoformat(text[:10]).toordinal() - _EPOCH if match else None)
        except ValueError:
            days.append(None)
            impossible[place] = True
    codes = coded.indices.fill_null(len(matches)).to_numpy(zero_copy_only=False)
    timed = np.append(
        np.asarray(pc.match_substring_regex(coded.dictionary, _DATE_AND_TIME), dtype=bool), False
    )
    timed[:-1] &= ~np.asarray(matches, dtype=bool)
    findings.add(timed[codes], "date_with_time", column, raw, _TIMED, _TIMED_REMEDY)
    unlike = (np.append(~np.asarray(matches, dtype=bool), False) & ~timed)[codes]
    remedy = "Write dates as YYYY-MM-DD, such as 2024-01-31"
    findings.add(unlike, "date_not_iso", column, raw, "a date is not ISO 8601", remedy)
    remedy = "Correct the day or the month"
    findings.add(impossible[codes], "impossible_date", column, raw, "there is no such date", remedy)
    return pa.array(days, pa.int32()).take(coded.indices)
