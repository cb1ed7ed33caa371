"""Files that came after a folder's, against pandas: the last word on a store, product and date counts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.example_generation.calendar import Calendar
from components.example_generation.checks.rules import INVALID
from components.example_generation.contract import INVENTORY, SALES
from components.example_generation.folder import read_prepared
from components.example_generation.ingest import check_piece, prepare
from components.example_generation.later import read_later, with_later
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected

KEY = ["store_id", "product_id", "date"]
COLUMNS = {SALES: ["units_sold", "unit_price"], INVENTORY: ["on_hand"]}

row = st.tuples(
    st.sampled_from("AB"), st.sampled_from("pq"), st.integers(1, 28), st.integers(0, 9), st.integers(1, 9)
)
tables = st.lists(row, min_size=1, max_size=12, unique_by=lambda one: one[:3])
later = st.lists(st.tuples(st.sampled_from([SALES, INVENTORY]), tables), max_size=4)


def frame(file: str, rows: list[tuple[str, str, int, int, int]]) -> pd.DataFrame:
    found = pd.DataFrame(
        [(store, product, f"2025-02-{day:02d}", *values) for store, product, day, *values in rows],
        columns=[*KEY, *COLUMNS[SALES]],
    )
    return found if file == SALES else found.rename(columns={"units_sold": "on_hand"})[[*KEY, "on_hand"]]


def read(folder: Path, files: list[tuple[str, Path]]) -> tuple[pa.Table, pa.Table]:
    prepared = prepare(folder, DataOptions(), 7)
    with_files, _ = with_later(prepared, [read_later(path, file, prepared) for file, path in files])
    found = read_prepared(with_files)
    return found.rows, found.stock


@given(tables, tables, later)
@settings(max_examples=20)
def test_the_folder_with_later_files_is_read_as_one_that_has_their_rows(
    sold: list[tuple[str, str, int, int, int]],
    counted: list[tuple[str, str, int, int, int]],
    came: list[tuple[str, list[tuple[str, str, int, int, int]]]],
) -> None:
    # One series is always there, so that the files find each other and the newest date is the same.
    fixed = [("C", "p", day, 1, 1) for day in (1, 28)]
    base = {SALES: frame(SALES, fixed + sold), INVENTORY: frame(INVENTORY, fixed + counted)}
    merged = dict(base)
    with tempfile.TemporaryDirectory() as name:
        plain, whole = Path(name, "plain"), Path(name, "whole")
        files = []
        for number, (file, rows) in enumerate(came):
            path = Path(name, f"{number}-{file}.csv")
            frame(file, rows).to_csv(path, index=False)
            files.append((file, path))
            merged[file] = pd.concat([merged[file], frame(file, rows)]).drop_duplicates(KEY, keep="last")
        for folder, tables_of in ((plain, base), (whole, merged)):
            folder.mkdir()
            for file, table in tables_of.items():
                table.to_csv(folder / f"{file}.csv", index=False)
        for found, expected in zip(read(plain, files), read(whole, []), strict=True):
            assert found.equals(expected)


def test_a_row_that_breaks_the_contract_is_named_by_file_row_and_column(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    frame(SALES, [("A", "p", 1, 1, 1)]).to_csv(folder / "sales_data.csv", index=False)
    path = tmp_path / "7-sales_data.csv"
    frame(SALES, [("A", "p", 1, 1, 1), ("A", "p", 2, -4, 1), ("A", "p", 1, 2, 1)]).to_csv(path, index=False)
    # What the folder may set aside, a later file may not.
    prepared = prepare(folder, DataOptions(quarantine=1.0), 7)
    with pytest.raises(DataRejected) as refused:
        read_later(path, SALES, prepared)
    found = {(problem.file, problem.rule, problem.column, problem.rows) for problem in refused.value.problems}
    assert found == {("7-sales_data.csv", "negative_units", "units_sold", (2,))}


def test_invoice_lines_of_a_later_file_are_added_up_and_take_the_place_of_the_earlier_ones(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [("A", "p", 1, 5, 2), ("A", "p", 2, 7, 2)]
    frame(SALES, lines * 2).to_csv(folder / "sales_data.csv", index=False)
    path = tmp_path / "1-sales_data.csv"
    frame(SALES, [("A", "p", 2, 1, 2), ("A", "p", 2, 2, 2)]).to_csv(path, index=False)
    prepared = prepare(folder, DataOptions(duplicates="sum"), 7)
    with_files, _ = with_later(prepared, [read_later(path, SALES, prepared)])
    assert read_prepared(with_files).rows["units_sold"].to_pylist() == [10, 3]


def test_a_date_that_only_superseded_rows_had_is_no_date_of_the_calendar(tmp_path: Path) -> None:
    """What was sold by mistake does not tell when a store is open."""
    folder = tmp_path / "data"
    folder.mkdir()
    days = [("A", "p", day, 1, 1) for day in range(1, 20)]
    frame(SALES, days).to_csv(folder / "sales_data.csv", index=False)
    path = tmp_path / "1-sales_data.csv"
    frame(SALES, [("A", "p", 19, 0, 1)]).to_csv(path, index=False)
    prepared = prepare(folder, DataOptions(), 7)
    with_files, _ = with_later(prepared, [read_later(path, SALES, prepared)])
    seen = []
    for piece in with_files.pieces:
        seen += [part.seen for _, part in check_piece(piece, with_files.checks)]
    calendar = Calendar.of(seen, DataOptions(), None)
    assert calendar.seen.num_rows == 19
    assert calendar.open_days.traded.sum() == 18


def test_a_later_row_takes_the_place_of_one_that_was_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    days = [("A", "p", day, -1 if day == 3 else 5, 1) for day in range(1, 10)]
    frame(SALES, days).to_csv(folder / "sales_data.csv", index=False)
    path = tmp_path / "1-sales_data.csv"
    frame(SALES, [("A", "p", 3, 8, 1), ("A", "p", 4, 6, 1)]).to_csv(path, index=False)
    prepared = prepare(folder, DataOptions(quarantine=0.5), 7)
    found = read_later(path, SALES, prepared)
    # Rows of both kinds have the same columns, whichever way they are read.
    assert found.rows[INVALID].to_pylist() == [False, False]
    with_files, _ = with_later(prepared, [found])
    assert read_prepared(with_files).rows["units_sold"].to_pylist() == [5, 5, 8, 6, 5, 5, 5, 5, 5]
