"""Dates with times of day: read in bulk as the standard library and a reading text by text do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.example_generation.checks.findings import Findings
from components.example_generation.contract import FILES
from components.example_generation.values.casting_dates import cast_date
from components.example_generation.values.date_forms import read_date, tidy
from components.example_generation.values.notation import LazyNotation, Notation
from components.example_generation.values.times_of_day import cut_times

STRICT = FILES["sales_data"].column("date")
LENIENT = replace(STRICT, timed=True)
DAY_FIRST = Notation(decimal=".", grouped=True, order="day_first", mixed=False)
MOMENTS = st.datetimes(*map(datetime.fromisoformat, ("1970-01-01", "2199-12-31T23:59:59")))


def never() -> Notation:
    raise AssertionError("ISO 8601 needs no look at the rest of the file")


def cast(texts: list[str | None], lenient: bool = True) -> tuple[list[int | None], Findings]:
    findings = Findings("sales_data.csv", np.arange(len(texts)))
    column = LENIENT if lenient else STRICT
    days = cast_date(
        column, pa.array(texts, pa.string()), findings, LazyNotation(never, True, frozenset({"na"}))
    )
    assert days is not None and days.type == pa.int32()
    return days.to_pylist(), findings


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            MOMENTS,
            st.sampled_from("T "),
            st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
        ),
        min_size=1,
    )
)
def test_iso_moments_are_the_days_of_the_standard_library(written: list[tuple[datetime, str, str]]) -> None:
    texts = [moment.isoformat(sep, timespec) for moment, sep, timespec in written]
    read = [datetime.fromisoformat(text) for text in texts]
    expected = [(moment.date() - date(1970, 1, 1)).days for moment in read]
    assert cast([*texts, None])[0][:-1] == expected
    late = [bool(moment.time()) and moment.time().isoformat() != "00:00:00" for moment in read]
    days, findings = cast(list(texts), lenient=False)
    assert days == [None if is_late else day for is_late, day in zip(late, expected, strict=True)]
    assert findings.marked("date").tolist() == late


DATES = st.sampled_from(
    ["2024-02-29", "2023-02-29", "29/02/2024", "13.1.2024", "20240131", "1/2/24", "45000"]
)
CLOCKS = st.sampled_from(
    ["", " 08:26", "T08:26:13", " 8:26:13.5", "T00:00:00.000", " 12:00:00 AM", " 12:00 a.m.", " 1:05 PM"]
)
ZONES = st.sampled_from(["", "Z", " UTC", "+01:00", "-0500", " GMT", " UTC UTC"])
TEXTS = st.builds("".join, st.tuples(st.sampled_from(["", " "]), DATES, CLOCKS, ZONES))


@settings(deadline=None)
@given(st.lists(TEXTS | st.text(max_size=12), min_size=1))
def test_a_text_without_its_time_is_the_day_that_it_was_with_it(texts: list[str]) -> None:
    coded = pa.array(texts, pa.string()).dictionary_encode()
    cut = cut_times(coded)
    left = cut.words.take(cut.codes).to_pylist()
    whole = [read_date(tidy(text), DAY_FIRST.order, DAY_FIRST.mixed) for text in texts]
    parts = [read_date(tidy(text), DAY_FIRST.order, DAY_FIRST.mixed) for text in left]
    assert [(read.day, read.fault) for read in parts] == [(read.day, read.fault) for read in whole]
    for index, (part, read) in enumerate(zip(parts, whole, strict=True)):
        if read.day is not None:
            assert bool(cut.timed[index]) | part.timed == read.timed
    zones = any(read.zone for read in whole if read.day is not None)
    assert not zones or cut.zoned or any(read.zone for read in parts)


@pytest.mark.parametrize("zone", ["Z", "+02:00", " UTC", ""])
def test_zones_are_told_of_once(zone: str) -> None:
    days, findings = cast([f"2024-01-31T08:26:13{zone}", f"2024-01-31T00:00:00{zone}", "2024-02-01"])
    assert days == [19753, 19753, 19754]
    texts = [remark.text for remark in findings.remarks]
    assert texts.count("time zones cut off") == int(bool(zone))
    assert {remark.text: count for remark, count in findings.remarks.items()}["times of day cut off"] == 1


def test_a_moment_on_a_day_that_does_not_exist_is_named() -> None:
    days, findings = cast(["2024-02-30 08:26:13", "2024-02-29 08:26:13"])
    assert days == [None, 19782]
    (problem,) = findings.problems
    assert (problem.rule, problem.rows, problem.values) == (
        "impossible_date", (0,), ("2024-02-30 08:26:13",)
    )  # fmt: skip
