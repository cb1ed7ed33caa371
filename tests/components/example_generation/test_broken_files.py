"""Files that are broken as files: encodings, headers, torn or misplaced files, columns of a wrong type.

Over 300 lines: one file after the other, each a few lines.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_generation.folder import read_rows
from components.example_generation.reading.layouts import ENCODING_REMEDY
from contracts.errors import DataRejected, UserError
from tests.components.example_generation.folders import Columns, good_folder, write_folder

HEADER = b"date,store_id,product_id,units_sold\n"
ROW = b"2024-01-01,S1,A,1\n"
KEYS: Columns = {"date": [date(2024, 1, 1)], "store_id": ["S1"], "product_id": ["A"], "units_sold": [1.0]}


def raw(content: bytes, name: str = "sales_data.csv") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def table(**columns: pa.Array) -> Callable[[Path], None]:
    return lambda folder: pq.write_table(pa.table({**KEYS, **columns}), folder / "sales_data.parquet")


def torn_parquet(folder: Path) -> None:
    table()(folder)
    path = folder / "sales_data.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def corrupt_page(folder: Path) -> None:
    """The footer is whole, a page of values is not."""
    pq.write_table(pa.table({k: v * 1000 for k, v in KEYS.items()}), folder / "sales_data.parquet")
    path = folder / "sales_data.parquet"
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(bytes(content))


def both_forms(folder: Path) -> None:
    raw(HEADER + ROW)(folder)
    table()(folder)


def empty_parts(folder: Path) -> None:
    (folder / "sales_data").mkdir()
    (folder / "sales_data" / "_SUCCESS").touch()


def one_bad_part(folder: Path) -> None:
    (folder / "sales_data").mkdir()
    (folder / "sales_data" / "part-0.csv").write_bytes(HEADER + ROW)
    (folder / "sales_data" / "part-1.csv").write_bytes(HEADER + ROW + b"2024-01-02,S1,A,-1\n")


BROKEN: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "empty_file": (
        raw(b""),
        ["sales_data.csv: the file is empty. Export it again, with a header and rows"],
    ),
    "carets": (
        raw(HEADER.replace(b",", b"^") + ROW.replace(b",", b"^")),
        [
            (
                "sales_data.csv: the required columns date, store_id, product_id, units_sold are missing; "
                "the header has date^store_id^product_id^units_sold. "
                "Separate the columns by commas, or name what separates them in data.dialect.separator"
            )
        ],
    ),
    "no_header": (
        raw(ROW * 2),
        [
            (
                "sales_data.csv: the required columns date, store_id, product_id, units_sold are missing; "
                "the header has 2024-01-01, S1, A, 1. Begin the file with a line that names the columns"
            )
        ],
    ),
    "column_twice": (
        raw(HEADER.replace(b"store_id", b"units_sold") + ROW),
        [
            (
                "sales_data.csv, column units_sold: the header names this column twice "
                "(column 2 'units_sold' and column 4 'units_sold'). Rename or remove one"
            ),
            (
                "sales_data.csv, column store_id: the required column is missing; the header has date, units_sold, "
                "product_id, units_sold. Add the column"
            ),
        ],
    ),
    "header_encoding": (
        raw("Datum,Käse,Stück\n".encode("latin-1")),
        [
            "sales_data.csv: the header is not UTF-8 text: 'Datum, K\\\\xe4se, St\\\\xfcck'. "
            + ENCODING_REMEDY
        ],
    ),
    "value_encoding": (
        raw(HEADER + ROW + "2024-01-01,S1,Käse,1\n".encode("latin-1")),
        [
            (
                "sales_data.csv, column product_id: a value is not UTF-8 text [row 2: 'K\\\\xe4se']. "
                + ENCODING_REMEDY
            )
        ],
    ),
    "number_encoding": (
        raw(HEADER + ROW + "2024-01-02,S1,A,1€\n".encode("cp1252")),
        [
            (
                "sales_data.csv, column units_sold: a value is not UTF-8 text [row 2: '1\\\\x80']. "
                + ENCODING_REMEDY
            )
        ],
    ),
    "too_few_values_of_another_encoding": (
        raw(HEADER + ROW + "2024-01-01,S1,Käse\n".encode("latin-1")),
        ["sales_data.csv: the text is not UTF-8 after row 0: "],
    ),
    "too_few_and_too_many_values": (
        raw(HEADER + ROW + b"2024-01-02,S1,A\n2024-01-03,S1,A,1\n2024-01-04,S1,A,1,5\n"),
        [
            (
                "sales_data.csv: a row does not have one value for each column of the header (2 rows) "
                "[row 2: '2024-01-02,S1,A', row 4: '2024-01-04,S1,A,1,5']. "
                "Quote values that hold a separator, close each quote, and write a value or nothing "
                "for each column"
            )
        ],
    ),
    "rows_keep_their_numbers_after_a_ragged_one": (
        raw(HEADER + ROW + b"2024-01-02,S1\n2024-01-03,S1,A,-1\n"),
        [
            (
                "sales_data.csv: a row does not have one value for each column of the header "
                "[row 2: '2024-01-02,S1']. "
                "Quote values that hold a separator, close each quote, and write a value or nothing "
                "for each column"
            ),
            (
                "sales_data.csv, column units_sold: a value must be 0 or more [row 3: '-1']. "
                "Book returns apart from sales, and write 0 where nothing was sold; of invoice lines "
                "data.duplicates: sum nets returns against sales"
            ),
        ],
    ),
    "torn_gzip": (
        raw(gzip.compress(HEADER + ROW * 5000)[:-30], "sales_data.csv.gz"),
        ["sales_data.csv.gz: cannot be read as gzip: "],
    ),
    "no_parquet": (
        raw(HEADER + ROW, "sales_data.parquet"),
        ["sales_data.parquet: cannot be read as Parquet: "],
    ),
    "torn_parquet": (torn_parquet, ["sales_data.parquet: cannot be read as Parquet: "]),
    "corrupt_page": (corrupt_page, ["sales_data.parquet: cannot be read as Parquet after row 0: "]),
    "both_forms": (
        both_forms,
        [
            (
                "sales_data: the folder holds sales_data.csv and sales_data.parquet. "
                "Keep one of them, remove the other"
            )
        ],
    ),
    "empty_parts": (
        empty_parts,
        ["sales_data/: the folder holds no CSV, .xlsx or Parquet file. Add its parts"],
    ),
    "one_bad_part": (
        one_bad_part,
        [
            (
                "sales_data/part-1.csv, column units_sold: a value must be 0 or more [row 2: '-1']. "
                "Book returns apart from sales, and write 0 where nothing was sold; of invoice lines "
                "data.duplicates: sum nets returns against sales"
            ),
            (
                "sales_data/part-1.csv: the same date, store_id, product_id occurs again "
                "[row 1: '2024-01-01, S1, A as in row 1 of sales_data/part-0.csv']. Keep one row for each, "
                "or add invoice lines up with data.duplicates: sum"
            ),
        ],
    ),
    "dates_as_numbers": (
        table(date=pa.array([1704067200])),
        [
            (
                "sales_data.parquet, column date: a date is not ISO 8601 [row 1: '1704067200']. "
                "Write dates as YYYY-MM-DD, such as 2024-01-31"
            )
        ],
    ),
    "units_as_times": (
        table(units_sold=pa.array([1], pa.time32("ms"))),
        [
            (
                "sales_data.parquet, column units_sold: the column is of type time32[ms], not numbers. "
                "Store it as numbers"
            )
        ],
    ),
    "store_as_dates": (
        table(store_id=pa.array([date(2024, 1, 1)])),
        [
            (
                "sales_data.parquet, column store_id: the column is of type date32[day], not text. "
                "Store it as text"
            ),
        ],
    ),
    "store_as_fractions": (
        table(store_id=pa.array([1.5])),
        [
            (
                "sales_data.parquet, column store_id: an identifier is neither text nor a whole number "
                "[row 1: '1.5']. Store identifiers as text or whole numbers"
            )
        ],
    ),
    "dates_with_a_time": (
        table(date=pa.array([1704096000 * 10**6], pa.timestamp("us"))),
        [
            (
                "sales_data.parquet, column date: a date carries a time of day "
                "[row 1: '2024-01-01 08:00:00']. "
                "Sum the rows of a period up, and date it without a time; data.duplicates: sum does both for "
                "sales_data"
            )
        ],
    ),
    "dates_of_a_time_zone": (
        table(date=pa.array([0], pa.timestamp("us", "Europe/Berlin"))),
        [
            (
                "sales_data.parquet, column date: a date carries a time of day "
                "[row 1: '1970-01-01 01:00:00+01:00']. "
                "Sum the rows of a period up, and date it without a time; data.duplicates: sum does both for "
                "sales_data"
            )
        ],
    ),
}


@pytest.mark.parametrize(("break_it", "messages"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused(
    break_it: Callable[[Path], None], messages: list[str], tmp_path: Path
) -> None:
    break_it(tmp_path)

    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path)

    found = [str(p) for p in refusal.value.problems]
    assert len(found) == len(messages), found
    for text, message in zip(sorted(found), sorted(messages), strict=True):
        # What Arrow says of a broken file differs between its versions.
        assert text.startswith(message) if message.endswith(": ") else text == message


def test_a_broken_file_does_not_hide_the_problems_of_the_others(tmp_path: Path) -> None:
    content = good_folder()
    content["inventory_levels"]["on_order"][3] = -1
    content["products"]["pack_size"][0] = 0
    write_folder(tmp_path, content)
    (tmp_path / "sales_data.csv").write_bytes(b"")

    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path)

    assert {p.rule for p in refusal.value.problems} == {
        "empty_file",
        "negative_on_order",
        "pack_not_positive",
    }


def test_a_missing_folder_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no folder .*missing\. Give the folder that holds"):
        read_rows(tmp_path / "missing")


def test_a_file_in_place_of_the_folder_is_the_users_mistake(tmp_path: Path) -> None:
    raw(HEADER + ROW)(tmp_path)
    with pytest.raises(UserError, match=r"is a file, not a folder\. Give the folder that holds it"):
        read_rows(tmp_path / "sales_data.csv")


def test_the_count_is_whole_and_the_rows_are_the_first(tmp_path: Path) -> None:
    rows = b"".join(b"2024-01-%02d,S1,P%d,-1\n" % (day, n) for day in range(1, 11) for n in range(20))
    raw(HEADER + rows)(tmp_path)

    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path)

    (problem,) = refusal.value.problems
    assert (problem.count, problem.rows, problem.values) == (200, (1, 2, 3, 4, 5), ("-1",) * 5)
