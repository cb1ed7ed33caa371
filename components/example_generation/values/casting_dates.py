"""Dates: of any type that stores them, and of any text that tells one day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings
from components.example_generation.columns import Column
from components.example_generation.values.date_forms import (
    LAST_DAY,
    NUMBERED,
    SERIALS,
    Fault,
    Order,
    Read,
    numbered_day,
    read_date,
    serial_day,
    tidy,
)
from components.example_generation.values.notation import PLAIN, LazyNotation
from components.example_generation.values.placeholders import empty_words, remark_placeholders
from components.example_generation.values.raw_columns import decode, is_text, wrong_type
from components.example_generation.values.times_of_day import Cut, cut_times, uncut
from contracts.arrays import Flags

_PLAIN = r"^\d{4}-\d{2}-\d{2}$"
_TIMED = (
    "a date carries a time of day",
    "Sum the rows of a period up, and date it without a time; data.duplicates: sum does both for sales_data",
)
_ORDERS = "Write dates as YYYY-MM-DD, or say which comes first: data.dialect.dates: day_first or month_first"
_FAULTS: dict[Fault, tuple[str, str]] = {
    "date_not_iso": ("a date is not ISO 8601", "Write dates as YYYY-MM-DD, such as 2024-01-31"),
    "ambiguous_date": ("nothing in the file tells the day from the month", _ORDERS),
    "mixed_dates": (
        "the file writes dates in more than one way, so that day and month may be swapped",
        _ORDERS,
    ),
    "impossible_date": ("there is no such date", "Correct the day or the month"),
}
_WORDS = {"day_first": "dates read with the day first", "month_first": "dates read with the month first"}
_SERIALS_READ = "Excel's numbers of days read as dates (45000 is 2023-03-15)"


def cast_date(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array | None:
    """A column as days since 1970-01-01 (int32); what is wrong or empty is null. None where its type is wrong."""
    kind = raw.type
    if is_text(kind):
        days = _parse(column, raw, findings, notation)
    elif pa.types.is_date32(kind):
        days = raw.cast(pa.int32())
    elif pa.types.is_date64(kind):
        days = raw.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        days = _floor_days(column, raw, findings)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        days = _numbered_days(column, raw, findings)
    else:
        wrong_type(column, raw, findings, "Store it as dates, or as text like 2024-01-31")
        return None
    if column.filled:
        empty = np.asarray(days.is_null()) & ~findings.marked(column.name)
        remedy = "Write the date as YYYY-MM-DD"
        findings.add(empty, "missing_date", column.name, raw, "a date is missing", remedy)
    numbers = days.fill_null(0).to_numpy(zero_copy_only=False)
    outside = (numbers < 0) | (numbers > LAST_DAY)
    message = "a date lies outside 1970-01-01 .. 2199-12-31"
    findings.add(outside, "date_out_of_range", column.name, raw, message, "Correct the year")
    if outside.any():
        days = pc.if_else(pa.array(outside), None, days)
    return days


def _floor_days(column: Column, raw: pa.Array, findings: Findings) -> pa.Array:
    if raw.type.tz in (None, "UTC", "+00:00"):
        stamps = raw.cast(pa.timestamp("us", raw.type.tz), safe=False).cast(pa.int64())
    else:
        # What is midnight to the retailer's clock; dates repeat, so each is converted once.
        coded = raw.cast(pa.timestamp("us", raw.type.tz), safe=False).dictionary_encode()
        local = [stamp.replace(tzinfo=None) for stamp in coded.dictionary.to_pylist()]
        stamps = pa.array(local, pa.timestamp("us")).cast(pa.int64()).take(coded.indices)
    ticks = stamps.fill_null(0).to_numpy(zero_copy_only=False)
    days, rest = np.divmod(ticks, 86_400_000_000)
    bad = _told_of_times(column, rest != 0, raw, findings)
    return pa.array(days.astype(np.int32), mask=np.asarray(raw.is_null()) | bad)


def _told_of_times(column: Column, timed: Flags, raw: pa.Array, findings: Findings) -> Flags:
    """Which rows are bad for their time of day: none, where it may be cut off."""
    if not column.timed:
        findings.add(timed, "date_with_time", column.name, raw, *_TIMED)
        return timed
    if timed.any():
        findings.remark(column.name, "times of day cut off", int(timed.sum()))
    return np.zeros_like(timed)


def _numbered_days(column: Column, raw: pa.Array, findings: Findings) -> pa.Array:
    """Excel's numbers of days, and dates written as one number such as 20240131."""
    coded = raw.cast(pa.float64(), safe=False).dictionary_encode()
    found = [_numbered(number) for number in coded.dictionary.to_pylist()]
    return _days_of(column, raw, uncut(coded), found, None, findings)


def _numbered(number: float) -> Read:
    if math.isnan(number):
        return Read(None)
    if number in NUMBERED:
        day = numbered_day(int(number))
        return Read(day, None if day is not None else "impossible_date")
    if math.isfinite(number) and math.floor(number) in SERIALS:
        return Read(serial_day(math.floor(number)), serial=True, timed=number != math.floor(number))
    return Read(None, "date_not_iso")


def _parse(column: Column, raw: pa.Array, findings: Findings, notation: LazyNotation) -> pa.Array:
    """Dates repeat from series to series, so each distinct text is read once."""
    coded = decode(column.name, raw, findings).dictionary_encode()
    plain = _are_plain(coded.dictionary)
    cut = uncut(coded)
    if not plain:
        cut = cut_times(coded)
        plain = _are_plain(cut.words)
    if plain:
        try:
            days = cut.words.cast(pa.timestamp("s")).cast(pa.date32()).cast(pa.int32()).take(cut.codes)
        except pa.ArrowInvalid:
            pass  # one of them does not exist, such as 2024-02-30
        else:
            return _without_times(column, raw, days, cut, findings)
    how = PLAIN if plain else notation()
    words = pa.array(map(tidy, cut.words.to_pylist()), pa.string())
    empty = empty_words(words, notation.placeholders)
    remark_placeholders(column.name, words, empty, cut.codes, findings)
    found = [
        Read(None) if without else read_date(word, how.order, how.mixed)
        for word, without in zip(words.to_pylist(), empty.to_pylist(), strict=True)
    ]
    return _days_of(column, raw, cut, found, how.order, findings)


def _are_plain(words: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(words, _PLAIN), min_count=0).as_py())


def _days_of(
    column: Column,
    raw: pa.Array,
    cut: Cut,
    found: list[Read],
    order: Order | None,
    findings: Findings,
) -> pa.Array:
    """The day of each row, given what its distinct values were read as."""
    codes = cut.codes.fill_null(0).to_numpy(zero_copy_only=False)
    there = np.asarray(cut.codes.is_valid())

    def rows(flags: Iterable[bool]) -> Flags:
        flags = np.fromiter(flags, dtype=bool)
        return flags[codes] & there if flags.any() else np.zeros(codes.size, dtype=bool)

    for fault, (message, remedy) in _FAULTS.items():
        findings.add(rows(r.fault == fault for r in found), fault, column.name, raw, message, remedy)
    if any(read.serial for read in found):
        findings.remark(column.name, _SERIALS_READ)
    if order is not None and any(read.year_last and read.day is not None for read in found):
        findings.remark(column.name, _WORDS[order])
    days = pa.array([read.day for read in found], pa.int32()).take(cut.codes)
    timed = cut.timed | rows(read.timed for read in found)
    zoned = cut.zoned or any(read.zone for read in found)
    return _without_times(column, raw, days, replace(cut, timed=timed, zoned=zoned), findings)


def _without_times(column: Column, raw: pa.Array, days: pa.Array, cut: Cut, findings: Findings) -> pa.Array:
    """The days, and what is to be said of the times that were cut off."""
    if cut.zoned:
        findings.remark(column.name, "time zones cut off")
    bad = _told_of_times(column, cut.timed & np.asarray(days.is_valid()), raw, findings)
    return pc.if_else(pa.array(bad), None, days) if bad.any() else days
