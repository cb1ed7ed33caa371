"""How a file is written: told from the file and said, refused where nothing tells it, settled by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from components.example_generation.reading.dialect import DialectOptions, FileDialect
from contracts.errors import DataRejected

HEAD = "date,store_id,product_id,units_sold\n"


def folder_of(folder: Path, text: str | bytes, name: str = "sales_data.csv", **others: str) -> Path:
    for file, content in {name: text, **{f"{key}.csv": value for key, value in others.items()}}.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def units(folder: Path, **dialect: object) -> list[float]:
    rows, _ = read_rows(folder, DataOptions(dialect=DialectOptions.model_validate(dialect)))
    return rows["units_sold"].to_pylist()


def notes(folder: Path) -> tuple[str, ...]:
    return read_rows(folder)[1].notes


def refusal(folder: Path, **dialect: object) -> list[tuple[str, tuple[int, ...]]]:
    with pytest.raises(DataRejected) as refused:
        units(folder, **dialect)
    return [(problem.rule, problem.rows) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(HEAD + "2024-01-01,S,A,1\n", [], id="plain"),
        pytest.param("\n \n" + HEAD + "2024-01-01,S,A,1\n", [], id="blank lines above"),
        pytest.param("sep=,\r\n" + HEAD + "2024-01-01,S,A,1\n", [], id="Excel's line"),
        pytest.param("sep=;\n" + HEAD + "2024-01-01,S,A,1\n", [], id="Excel's line gone wrong"),
        pytest.param(HEAD.replace(",", ";") + "2024-01-01;S;A;1\n", ["separated by semicolons"], id="semicolons"),
        pytest.param(HEAD.replace(",", "\t") + "2024-01-01\tS\tA\t1\n", ["separated by tabs"], id="tabs"),
        pytest.param(
            "Sales, all stores\n\n" + HEAD + "2024-01-01,S,A,1\n",
            ["the header is line 3, those above it are not read ('Sales, all stores')"],
            id="title",
        ),
        pytest.param(
            'date,store_id,product_id,"units\nsold"\n2024-01-01,S,A,1\n',
            ["columns read by another name: 'units\\nsold' as units_sold"],
            id="line break in a name",
        ),
        pytest.param(
            HEAD.strip() + ",,\n2024-01-01,S,A,1,,\n",
            ["columns without a name are not read (column 5, 6)"],
            id="trailing commas",
        ),
        pytest.param(
            HEAD.strip() + ",,\n2024-01-01,S,A,1\n",
            [],
            id="trailing commas of the header alone",
        ),
        pytest.param(
            HEAD + "2024-01-01,S,A,1,,\n2024-01-02,S,A,1,,\n",
            ["rows have more separators than the header, with nothing between them"],
            id="trailing commas of the rows alone",
        ),
        pytest.param(
            HEAD + "2024-01-01,S,A,1\n,,,\n,,,\n", ["2 rows without any value left out"], id="rows of commas"
        ),
        pytest.param(HEAD + "2024-01-01,S,A,'1\n".replace("'", ""), [], id="plain again"),
        pytest.param(HEAD + '2024-01-01,="S",="007","=""1"""\n', [], id="formulas"),
        pytest.param(HEAD + '2024-01-01,S,A,"1,5"\n', ["decimal commas"], id="decimal comma"),
        pytest.param(HEAD + "2024-01-01,S,A,1\u202f234\n", ["signs between thousands"], id="gaps"),
        pytest.param(
            HEAD + '2024-01-01,S,A,"1,234"\n2024-01-02,S,A,0.5\n', ["signs between thousands"], id="thousands"
        ),
        pytest.param(
            HEAD + "31/01/2024,S,A,1\n01/02/2024,S,A,1\n",
            ["column date: dates read with the day first"],
            id="day first",
        ),
        pytest.param(
            HEAD + "1/31/2024 12:00:00 AM,S,A,1\n2/1/2024 12:00:00 AM,S,A,1\n",
            ["column date: dates read with the month first"],
            id="month first",
        ),
        pytest.param(
            HEAD + "2024-01-31 00:00:00+01:00,S,A,1\n2024-02-01T00:00:00Z,S,A,1\n",
            ["column date: time zones cut off"],
            id="zones",
        ),
        pytest.param(
            HEAD + "45322,S,A,1\n45323,S,A,1\n",
            ["column date: Excel's numbers of days read as dates (45000 is 2023-03-15)"],
            id="serial numbers",
        ),
        pytest.param(
            HEAD.strip() + ",in_stock\n2024-01-01,S,A,1,n/a\n2024-01-02,S,A,1,-\n2024-01-03,S,A,1,N/A\n",
            ["column in_stock: 1 times '-' read as empty, 1 times 'N/A' read as empty, 1 times 'n/a' read as empty"],
            id="placeholders",
        ),
    ],
)  # fmt: skip
def test_what_is_out_of_the_ordinary_is_said_in_one_note(text: str, said: list[str], tmp_path: Path) -> None:
    assert notes(folder_of(tmp_path, text)) == ((f"sales_data.csv: {'; '.join(said)}",) if said else ())


def test_what_several_files_have_in_common_is_said_once(tmp_path: Path) -> None:
    text = HEAD.replace(",", ";") + "2024-01-0{n};S;A;1\n"
    for n in range(1, 6):
        folder_of(tmp_path, text.format(n=n), f"sales_data/{n}.csv")
    assert notes(tmp_path) == (
        "sales_data/1.csv, sales_data/2.csv, sales_data/3.csv and 2 more: separated by semicolons",
    )


@pytest.mark.parametrize(
    ("rows", "rules", "by_hand", "expected"),
    [
        ('2024-01-01,S,A,"1,234"', ["ambiguous_number"], {"decimal": ","}, [1.234]),
        ('2024-01-01,S,A,"1,234"', ["ambiguous_number"], {"decimal": "."}, [1234]),
        ('2024-01-01,S,A,"12,345"\n2024-01-02,S,A,7', ["ambiguous_number"], {"thousands": ","}, [12345, 7]),
        ("2024-01-01;S;A;1.234", ["ambiguous_number"], {"thousands": "."}, [1234]),
        ("2024-01-01;S;A;1.234", ["ambiguous_number"], {"decimal": "."}, [1.234]),
        ('2024-01-01,S,A,"1,5"\n2024-01-02,S,A,2.5\n2024-01-03,S,A,3.5', ["not_a_number"], None, []),
        ("01/02/2024,S,A,3\n02/02/2024,S,A,4", ["ambiguous_date"], {"dates": "day_first"}, [3, 4]),
        ("02/01/2024,S,A,3\n02/02/2024,S,A,4", ["ambiguous_date"], {"dates": "month_first"}, [3, 4]),
        ("1.2.2024,S,A,3", ["ambiguous_date"], {"dates": "day_first"}, [3]),
        ("2024-01-31,S,A,3\n01/02/2024,S,A,4", ["mixed_dates"], {"dates": "day_first"}, [3, 4]),
        ("31/01/2024,S,A,3\n02/01/2024,S,A,4\n02/14/2024,S,A,5", ["mixed_dates"], None, []),
        ("2024-01-01,S,A,3\n2024-01-02,S,A,keine", ["not_a_number"], None, []),
    ],
)
def test_what_nothing_tells_is_refused_until_it_is_said_by_hand(
    rows: str, rules: list[str], by_hand: dict[str, str] | None, expected: list[float], tmp_path: Path
) -> None:
    head = HEAD.replace(",", ";") if ";" in rows else HEAD
    folder_of(tmp_path, head + rows + "\n")
    assert [rule for rule, _ in refusal(tmp_path)] == rules
    if by_hand is not None:
        assert units(tmp_path, **by_hand) == pytest.approx(expected)


def test_a_point_is_a_decimal_point_unless_the_file_has_decimal_commas(tmp_path: Path) -> None:
    head = HEAD.strip() + ",unit_price\n"
    folder_of(tmp_path / "point", head + "2024-01-01,S,A,1.234,2.5\n")
    folder_of(tmp_path / "comma", head + '2024-01-01,S,A,1.234,"2,5"\n')
    assert units(tmp_path / "point") == pytest.approx([1.234])
    assert units(tmp_path / "comma") == [1234]


def test_encodings_that_no_byte_tells_are_named_by_hand(tmp_path: Path) -> None:
    folder_of(tmp_path, (HEAD + "2024-01-01,S,A,1\n2024-01-02,S,Käse,1\n").encode("cp1252"))
    assert refusal(tmp_path) == [("bad_encoding", (2,))]
    rows, report = read_rows(tmp_path, DataOptions(dialect=DialectOptions(encoding="cp1252")))
    assert set(rows["product_id"].to_pylist()) == {"A", "Käse"}
    assert report.notes == ("sales_data.csv: encoding CP1252",)
    assert refusal(tmp_path, encoding="utf-16") == [("bad_encoding", ())]


def test_what_stands_for_no_value_is_named_by_hand(tmp_path: Path) -> None:
    folder_of(tmp_path, HEAD.strip() + ",in_stock\n2024-01-01,S,A,1,missing\n2024-01-02,S,A,1,0.5\n")
    assert refusal(tmp_path) == [("not_a_number", (1,))]
    rows, _ = read_rows(tmp_path, DataOptions(dialect=DialectOptions(empty=("Missing",))))
    assert rows["in_stock"].to_pylist() == [1, 0.5]


def test_one_file_may_be_written_unlike_the_others(tmp_path: Path) -> None:
    folder_of(tmp_path, HEAD + "2024-01-01,S,A,1.5\n", products="product_id^pack_size\nA^2,5\n")
    own = DialectOptions(files={"products": FileDialect(separator="^", decimal=",")})
    rows, _ = read_rows(tmp_path, DataOptions(dialect=own))
    assert (rows["units_sold"].to_pylist(), rows["pack_size"].to_pylist()) == ([1.5], [2.5])
    # Workers get the options as JSON.
    assert DialectOptions.model_validate_json(own.model_dump_json()).of("products") == own.of("products")


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "utf8000"},
        {"encoding": "rot13"},
        {"separator": ";;"},
        {"separator": "a"},
        {"separator": "\n"},
        {"decimal": "."} | {"thousands": "."},
        {"dates": "dmy"},
        {"files": {"sales": {}}},
        {"seperator": ";"},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DialectOptions.model_validate(wrong)


def test_row_numbers_are_those_of_the_records_below_the_header(tmp_path: Path) -> None:
    text = 'Report\n\nsep\ndate,store_id,"product\nid",units_sold\n\n2024-01-01,S,"A ""\n",1\n\n2024-01-02,S,A,-1\n'
    with pytest.raises(DataRejected) as refused:
        read_rows(folder_of(tmp_path, text.encode("utf-16")))
    assert [(p.rule, p.rows) for p in refused.value.problems] == [("negative_units", (2,))]


def test_numbers_in_the_columns_of_a_shifted_row_are_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02},S,A,1,\n" for day in range(1, 29))
    text = (
        HEAD + rows + "".join(f"2024-02-{day:02},S,A,1,\n" for day in range(1, 29)) + "2024-02-29,S,A,1,5\n"
    )
    assert refusal(folder_of(tmp_path, text)) == [("wrong_number_of_values", (57,))]


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


PLAIN = (HEAD + "2024-01-01,S,A,1\n").encode()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("SALES_DATA.CSV", PLAIN, ()),
        ("Sales Data.txt", PLAIN, ()),
        ("sales_data.Csv.Gz", gzip.compress(PLAIN[:20]) + gzip.compress(PLAIN[20:]), ()),
        ("sales_data.csv.BZ2", bz2.compress(PLAIN), ()),
        ("sales_data.zip", zipped(**{"a/b.CSV": PLAIN, "__MACOSX/a/._b.CSV": b"x", ".DS_Store": b"x"}), ()),
        ("sales_data.csv", gzip.compress(PLAIN), ("sales_data.csv: packing gzip, unlike its name",)),
        ("sales_data.csv.gz", PLAIN, ("sales_data.csv.gz: packing none, unlike its name",)),
    ],
)
def test_a_file_is_known_by_its_bytes(
    name: str, content: bytes, said: tuple[str, ...], tmp_path: Path
) -> None:
    rows, report = read_rows(folder_of(tmp_path, content, name))
    assert (rows["units_sold"].to_pylist(), report.notes) == ([1], said)


@pytest.mark.parametrize(
    ("name", "content", "rule", "message"),
    [
        ("sales_data.zip", zipped(**{"a.csv": PLAIN, "b.csv": PLAIN}), "archive_of_several", "a.csv, b.csv"),
        ("sales_data.zip", zipped(**{"a.pdf": PLAIN}), "archive_of_another", "a.pdf"),
        ("sales_data.zip", zipped(), "archive_of_several", "no file"),
        ("sales_data.zip", zipped(**{"a.csv": PLAIN})[:-30], "corrupt_zip", "archive"),
        ("sales_data.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "other_form", "Excel 97"),
        ("sales_data.xlsx", PLAIN, "corrupt_xlsx", "no workbook"),
        ("sales_data.xlsx", zipped(**{"xl/workbook.xml": b"<"}), "corrupt_xlsx", "workbook"),
        ("sales_data.xlsx", zipped(**{"content.xml": b"<"}), "other_form", "another kind"),
        ("sales_data.csv.bz2", bz2.compress(PLAIN * 20)[:-10], "corrupt_csv", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_it_is(
    name: str, content: bytes, rule: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataRejected) as refused:
        read_rows(folder_of(tmp_path, content, name))
    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == (rule, name)
    assert message in problem.message


def test_a_part_that_tells_nothing_is_read_as_the_parts_beside_it_agree(tmp_path: Path) -> None:
    head = HEAD.replace(",", ";")
    folder_of(tmp_path, head + "01/02/2024;S;A;1.234\n", "sales_data/b.csv")
    folder_of(tmp_path, head + "31/01/2024;S;A;2,5\n", "sales_data/a.csv")
    assert units(tmp_path) == pytest.approx([2.5, 1234])
    folder_of(tmp_path, head + "01/31/2024;S;B;2.5\n", "sales_data/c.csv")
    assert refusal(tmp_path) == [("ambiguous_date", (1,)), ("ambiguous_number", (1,))]
