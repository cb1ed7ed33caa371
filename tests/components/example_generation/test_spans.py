from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from components.example_generation.spans import SpanRecord, fingerprint_of, span_of
from contracts.errors import UserError
from tests.components.example_generation.folders import good_folder, write_folder

JUNE, JULY = date(2024, 6, 30), date(2024, 7, 31)
FIRST = SpanRecord("a", date(2024, 1, 1), JUNE, span=1, version=1)
CORRECTED = SpanRecord("b", date(2024, 1, 1), JUNE, span=1, version=2)
SECOND = SpanRecord("c", date(2024, 1, 1), JULY, span=2, version=1)


@pytest.mark.parametrize(
    ("earlier", "fingerprint", "last_date", "expected"),
    [
        pytest.param([], "a", JUNE, (1, 1), id="the first batch"),
        pytest.param([FIRST], "a", JUNE, (1, 1), id="the same content"),
        pytest.param([FIRST], "b", JUNE, (1, 2), id="a corrected batch"),
        pytest.param([FIRST, CORRECTED], "a", JUNE, (1, 1), id="back to the first content"),
        pytest.param([CORRECTED, FIRST], "x", JUNE, (1, 3), id="corrected again"),
        pytest.param([FIRST, CORRECTED], "c", JULY, (2, 1), id="a new batch"),
        pytest.param([SECOND, FIRST], "x", JUNE, (1, 2), id="an older batch corrected"),
        pytest.param([FIRST], "x", None, (2, 1), id="no readable date"),
    ],
)
def test_span_and_version(
    earlier: list[SpanRecord], fingerprint: str, last_date: date | None, expected: tuple[int, int]
) -> None:
    assert span_of(earlier, fingerprint, last_date) == expected


def test_the_fingerprint_tells_of_content_and_nothing_else(tmp_path: Path) -> None:
    one = fingerprint_of(write_folder(tmp_path / "one", good_folder()))
    assert fingerprint_of(write_folder(tmp_path / "two", good_folder())) == one

    (tmp_path / "two" / "notes.txt").write_text("not of the contract")
    (tmp_path / "two" / "true_demand").mkdir()
    (tmp_path / "two" / "true_demand" / "true_demand.parquet").write_text("neither")
    assert fingerprint_of(tmp_path / "two") == one

    content = good_folder()
    content["products"]["lead_time"][0] = 3
    assert fingerprint_of(write_folder(tmp_path / "three", content)) != one


def test_the_fingerprint_covers_parts_and_their_names(tmp_path: Path) -> None:
    parts = tmp_path / "sales_data"
    parts.mkdir()
    (parts / "a.csv").write_text("date,store_id,product_id,units_sold\n2024-01-01,S,P,1\n")
    first = fingerprint_of(tmp_path)
    (parts / "a.csv").rename(parts / "b.csv")
    assert fingerprint_of(tmp_path) != first


def test_no_folder_no_fingerprint(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        fingerprint_of(tmp_path / "missing")
