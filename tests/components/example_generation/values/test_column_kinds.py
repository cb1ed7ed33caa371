"""Numbers or text: what people would take a column for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from components.example_generation.reading.dialect import FileDialect
from components.example_generation.values.column_kinds import kind_of
from contracts.errors import DataRejected

PLACEHOLDERS = FileDialect().placeholders


@pytest.mark.parametrize(
    ("values", "kind", "doubtful"),
    [
        pytest.param(["1.5", "2", "-3e4"], "number", False, id="numbers"),
        pytest.param(["1.234,5", "2,5", "1 000"], "number", False, id="numbers of another country"),
        pytest.param(["NA"] * 60 + ["1.5", "2.5"], "number", False, id="mostly placeholders"),
        pytest.param(["-", "#N/A", "null", "7"], "number", False, id="placeholders of many kinds"),
        pytest.param(["NA", "", "-"], "number", False, id="nothing but placeholders"),
        pytest.param(["fair", "None", "parade"], "text", False, id="words"),
        pytest.param(["0"] * 180 + ["a"] * 4 + ["b", "c"], "text", True, id="state holidays"),
        pytest.param(["1", "2", "3A", "3A", "3B", "3B"], "text", True, id="zones"),
        pytest.param(["10"] * 50 + ["easter", "christmas"], "text", True, id="codes and rare words"),
        pytest.param(["1", "x", "y", "z"], "text", True, id="mostly words"),
        pytest.param(["1.5", "2.5", "cold", "3.5"], "number", True, id="a word among measurements"),
        pytest.param(["10.5", "1O.5", "11.5", "12.25"], "number", True, id="a letter for a zero"),
        pytest.param([str(n) for n in range(50)] + ["5O"], "number", True, id="a letter among many counts"),
        pytest.param(["10"] * 5 + ["20"] * 4 + ["1O"], "number", True, id="a letter among few counts"),
    ],
)
def test_the_kind_of_a_column(values: list[str], kind: str, doubtful: bool) -> None:
    for column in (
        pa.array(values),
        pa.array(values).dictionary_encode(),
        pa.array(values, pa.large_string()),
    ):
        found, said = kind_of([column[:3], column[3:]], PLACEHOLDERS)
        assert (found, said != "") == (kind, doubtful), said


def external(folder: Path, values: list[str]) -> Path:
    days = [f"2024-01-{day:02}" for day in range(1, len(values) + 1)]
    sales = "".join(f"{day},S,A,1\n" for day in days)
    (folder / "sales_data.csv").write_text(f"date,store_id,product_id,units_sold\n{sales}")
    rows = "".join(f"{day},{value}\n" for day, value in zip(days, values, strict=True))
    (folder / "external_factors.csv").write_text(f"date,code\n{rows}")
    return folder


def test_codes_are_text_and_that_is_said(tmp_path: Path) -> None:
    rows, report = read_rows(external(tmp_path, ["0", "0", "a", "0", "a", "b", "NA"]))
    assert rows["code"].to_pylist() == ["0", "0", "a", "0", "a", "b", None]
    assert report.notes == (
        (
            "external_factors.csv: column code: read as text, since its values are codes ('a', 'b' beside numbers), "
            "1 times 'NA' read as empty"
        ),
    )


def test_placeholders_leave_a_column_of_numbers_and_are_counted(tmp_path: Path) -> None:
    rows, report = read_rows(external(tmp_path, ["NA", "NA", "-", "1.5", "NULL"]))
    assert rows["code"].to_pylist() == [None, None, None, 1.5, None]
    (note,) = report.notes
    for part in ("1 times '-'", "2 times 'NA'", "1 times 'NULL'"):
        assert part in note


def test_the_settings_say_that_a_column_is_text(tmp_path: Path) -> None:
    external(tmp_path, ["1", "2.5", "3O", "4", "5"])
    with pytest.raises(
        DataRejected, match=r"column code: a value is not a number \[row 3: '3O'\].*text_columns"
    ):
        read_rows(tmp_path)
    rows, report = read_rows(tmp_path, DataOptions(text_columns=("code",)))
    assert rows["code"].to_pylist() == ["1", "2.5", "3O", "4", "5"]
    assert report.notes == ()


def test_a_column_to_be_text_must_be_there(tmp_path: Path) -> None:
    external(tmp_path, ["1", "2"])
    assert read_rows(tmp_path, DataOptions(text_columns=("coda",)))[1].notes == (
        "external_factors.csv: no column coda, which data.text_columns names",
    )


def test_line_breaks_in_a_text_are_blanks_and_counted(tmp_path: Path) -> None:
    rows, report = read_rows(external(tmp_path, ['"town\nfair"', "parade", '"a\r\n\r\nb"']))
    assert rows["code"].to_pylist() == ["town fair", "parade", "a b"]
    assert report.notes == ("external_factors.csv: column code: 2 line breaks read as a blank",)


def test_names_of_the_settings_are_found_in_any_spelling(tmp_path: Path) -> None:
    external(tmp_path, ["1", "2"])
    path = tmp_path / "external_factors.csv"
    path.write_text("DATE,HOLIDAY,School Closed,Temperature\n2024-01-01,1,0,2\n")
    report = read_rows(tmp_path, DataOptions(known_ahead={"holiday": "all", "school_closed": 7}))[1]
    found = [(column.name, column.known_ahead) for column in report.external]
    assert found == [("holiday", "all"), ("school_closed", 7), ("Temperature", 0)]
    assert "'HOLIDAY' as holiday, 'School Closed' as school_closed" in report.notes[0]
