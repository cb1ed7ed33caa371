"""Which files of a folder are read, and that what is not read is named."""

from __future__ import annotations

import bz2
import gzip
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_generation.contract import EXTERNAL, FILES, SALES
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import find_inputs
from components.example_generation.reading.headers import match_header
from components.example_generation.reading.listing import contract_files
from components.example_generation.spans import fingerprint_of
from contracts.errors import DataRejected

HEAD = "date,store_id,product_id,units_sold\n"


def put(folder: Path, **files: bytes | str) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def months(folder: Path) -> Path:
    """A folder of parts as they come together over the years."""
    row = {month: f"2024-{month:02}-01,S,A,{month}\n".encode() for month in range(1, 8)}
    parts = {
        "sales_data/2024-01.csv": HEAD.encode() + row[1],
        "sales_data/2024-02.CSV": HEAD.encode() + row[2],
        "sales_data/2024-03.csv.bz2": bz2.compress(HEAD.encode() + row[3]),
        "sales_data/2024-04.txt": HEAD.encode() + row[4],
        "sales_data/2024/05/a.csv": HEAD.encode() + row[5],
        "sales_data/2024/06.Csv.Gz": gzip.compress(HEAD.encode() + row[6]),
    }
    put(folder, **parts)
    columns = {"date": [date(2024, 7, 1)], "store_id": ["S"], "product_id": ["A"], "units_sold": [7]}
    pq.write_table(pa.table(columns), folder / "sales_data" / "2024" / "07.parq")
    pd.DataFrame(columns | {"date": [date(2024, 8, 1)], "units_sold": [8]}).to_excel(
        folder / "sales_data" / "2024-08.xlsx", index=False
    )
    return folder


def test_parts_of_any_ending_at_any_depth_are_read(tmp_path: Path) -> None:
    rows, report = read_rows(months(tmp_path), DataOptions(missing_dates="unknown"))
    assert rows["units_sold"].drop_null().to_pylist() == list(range(1, 9))
    assert not any("not read" in note for note in report.notes)


def test_the_fingerprint_covers_every_file_that_is_read(tmp_path: Path) -> None:
    months(tmp_path)
    put(tmp_path, **{"Products.CSV": "product_id\nA\n", "other.csv": "x", "sales_data/notes.doc": "x"})
    read = {
        piece.container.path
        for s in find_inputs(tmp_path, DataOptions()).sources.values()
        for piece in s.pieces
    }
    assert read == {str(path) for path in contract_files(tmp_path)}
    assert len(read) == 9
    before = fingerprint_of(tmp_path)
    for path in sorted(read):
        content = Path(path).read_bytes()
        Path(path).write_bytes(content + b" ")
        assert fingerprint_of(tmp_path) != before, path
        Path(path).write_bytes(content)
    assert fingerprint_of(tmp_path) == before


def test_what_is_not_read_is_named_and_what_nobody_wrote_is_not(tmp_path: Path) -> None:
    put(
        tmp_path,
        **{
            "sales_data/a.csv": HEAD + "2024-01-01,S,A,1\n",
            "sales_data/b.json": "{}",
            "sales_data/old/c.xls": "",
            "sales_data/_d.csv": HEAD,
            "sales_data/_SUCCESS": "",
            "inventory_level.csv": "",
            "products.ods": "",
            "archive/e.csv": "",
            ".git/config": "",
            "~$products.xlsx": "",
            "Thumbs.db": "",
        },
    )
    (note,) = read_rows(tmp_path)[1].notes
    head, _, listed = note.partition(": ")
    assert head == "the folder also holds, and these are not read"
    assert listed.split(", ") == [
        "archive/",
        "inventory_level.csv (rename it to inventory_levels",
        "as CSV",
        ".xlsx or Parquet",
        "if it is that)",
        "products.ods (rename it to products",
        "as CSV",
        ".xlsx or Parquet",
        "if it is that)",
        "sales_data/_d.csv",
        "sales_data/b.json",
        "sales_data/old/c.xls",
    ]


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    put(tmp_path, **{"sales_data.csv": HEAD + "2024-01-01,S,A,1\n"}, **{f"{n}.log": "" for n in range(30)})
    (note,) = read_rows(tmp_path)[1].notes
    assert note.endswith(" and 20 more")


def test_columns_that_are_not_read_are_named_in_one_line(tmp_path: Path) -> None:
    columns = [f"c{n}" for n in range(17)]
    put(tmp_path, **{"sales_data.csv": f"{HEAD.strip()},{','.join(columns)}\n2024-01-01,S,A,1{',x' * 17}\n"})
    assert read_rows(tmp_path)[1].notes == (
        f"sales_data has 17 columns that are not in the contract and are not read: {', '.join(columns)}",
    )


def test_one_name_in_two_spellings_is_refused(tmp_path: Path) -> None:
    put(tmp_path, **{"sales_data.csv": HEAD, "Sales Data/a.csv": HEAD})
    with pytest.raises(DataRejected, match=r"the folder holds Sales Data and sales_data\.csv"):
        read_rows(tmp_path)


def test_a_workbooks_other_sheets_are_named_and_one_can_be_chosen(tmp_path: Path) -> None:
    columns = {"Date": pd.to_datetime(["2024-01-01"]), "Store ID": [7], "Product ID": ["A"]}
    with pd.ExcelWriter(tmp_path / "sales_data.xlsx") as writer:
        for sheet, units in (("May", 5), ("June", 6)):
            pd.DataFrame({**columns, "Units Sold": [units]}).to_excel(writer, sheet_name=sheet, index=False)
    rows, report = read_rows(tmp_path)
    assert (rows["units_sold"].to_pylist(), rows["store_id"].to_pylist()) == ([5], ["7"])
    assert "sheets that are not read: June" in report.notes[0]
    june = DataOptions.model_validate({"dialect": {"sheet": "June"}})
    assert read_rows(tmp_path, june)[0]["units_sold"].to_pylist() == [6]
    with pytest.raises(DataRejected, match="has no sheet 'July', but May, June"):
        read_rows(tmp_path, DataOptions.model_validate({"dialect": {"sheet": "July"}}))


def test_a_workbooks_rows_are_counted_below_its_header(tmp_path: Path) -> None:
    cells = [["Report"], [], ["date", "store_id", "product_id", "units_sold"], ["2024-01-01", "S", "A", 1]]
    cells += [[], ["2024-01-02", "S", "A", -1]]
    pd.DataFrame(cells).to_excel(tmp_path / "sales_data.xlsx", index=False, header=False)
    with pytest.raises(DataRejected) as refused:
        read_rows(tmp_path)
    assert [(p.rule, p.rows) for p in refused.value.problems] == [("negative_units", (3,))]


def test_nested_types_are_refused_where_they_are_read(tmp_path: Path) -> None:
    columns = {"date": [date(2024, 1, 1)], "store_id": ["S"], "product_id": ["A"], "units_sold": [1.0]}
    pq.write_table(pa.table({**columns, "tags": [["x"]]}), tmp_path / "sales_data.parquet")
    assert read_rows(tmp_path)[0].num_rows == 1
    pq.write_table(pa.table({**columns, "units_sold": [[1.0]]}), tmp_path / "sales_data.parquet")
    with pytest.raises(DataRejected, match=r"column units_sold: the column is of type list.*, not numbers"):
        read_rows(tmp_path)


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (["date", "Store ID", "store_id", "product_id", "units_sold"], ["column_twice"]),
        (["date", "store_id", "product_id", "units_sold", "note", "note "], ["column_twice"]),
        (["date", "store_id", "product_id", "units\0sold"], ["unprintable"]),
        (["date", "store_id", "product_id", "units_sold", "x" * 201], ["too_long"]),
        (["date", "store_id"], ["missing_column"]),
        (["", " ", "\ufeff"], ["empty_file"]),
        (["\ufeffDate", "STORE-ID", "product.id", "UnitsSold"], []),
    ],
)
def test_the_faults_of_a_header(cells: list[str], rules: list[str]) -> None:
    assert [p.rule for p in match_header(FILES[SALES], "sales_data.csv", cells).problems] == rules


def test_the_names_of_conditions_are_any_text() -> None:
    header = match_header(FILES[EXTERNAL], "x.csv", ["Date", " Max.\n°C (%) ", "", "Unnamed: 3", 'a/b ["q"]'])
    assert header.problems == ()
    assert header.indices == (("date", 0), ("Max. °C (%)", 1), ('a/b ["q"]', 4))
    assert "column 3, 4" in header.said[-1]
