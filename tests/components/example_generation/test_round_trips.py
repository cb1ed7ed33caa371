"""A table written by pandas or openpyxl in any dialect that people's tools have is read back as it was."""

from __future__ import annotations

import bz2
import csv
import gzip
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions

FIRST = date(2024, 1, 1)
NAMES = ("date", "store_id", "product_id", "units_sold", "unit_price")
Row = tuple[int, str, str, Decimal, Decimal]  # day since FIRST, keys, units, price
Read = tuple[int, str, str, float, float]

IDENTIFIER = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=8
).filter(lambda text: not text.startswith("=") and text.strip() == text)
AMOUNT = st.integers(0, 5_000_000).map(lambda n: Decimal(n) / 100)
ROWS = st.dictionaries(
    st.tuples(st.integers(0, 30), IDENTIFIER, IDENTIFIER),
    st.tuples(AMOUNT, AMOUNT.filter(bool)),
    min_size=1,
    max_size=8,
).map(lambda found: [(*key, *value) for key, value in found.items()])
# What tells a decimal comma, and the day from the month.
TELLING: Row = (17, "told", "told", Decimal("0.75"), Decimal("1234.5"))


@dataclass(frozen=True)
class Written:
    """A way of writing a CSV file."""

    encoding: str
    separator: str
    line_end: str
    decimal: str
    thousands: str
    dates: str
    header: str
    above: str
    quoting: Literal[0, 1]
    trailing: bool
    ending: str


WRITTEN = st.builds(
    Written,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    decimal=st.sampled_from([".", ","]),
    thousands=st.sampled_from(["", "other", " ", "\u00a0", "\u202f", "'"]),
    dates=st.sampled_from(
        [
            "%Y-%m-%d",
            "%Y/%m/%d",
            "%Y%m%d",
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%d-%m-%Y 00:00",
            "%Y-%m-%dT00:00:00Z",
            "serial",
        ]
    ),
    header=st.sampled_from(["store_id", "STORE_ID", "Store ID", " storeId ", '"Store\u00a0Id"']),
    above=st.sampled_from(["", "\n\n", "Sales report 2024\n\n", "sep={separator}\n", "a;b,c\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    trailing=st.booleans(),
    ending=st.sampled_from([".csv", ".CSV", ".txt", ".tsv", ".csv.gz", ".Csv.BZ2", ".csv.zip", ".zip"]),
)


def headed(style: str) -> list[str]:
    """The names of the columns as some tool spells them."""
    words = [name.replace("_id", " id").replace("_", " ") for name in NAMES]
    return {
        "store_id": list(NAMES),
        "STORE_ID": [name.upper() for name in NAMES],
        "Store ID": [word.title() for word in words],
        " storeId ": [f" {word.title().replace(' ', '')} " for word in words],
        '"Store\u00a0Id"': [word.replace(" ", "\u00a0") for word in words],
    }[style]


def number(value: Decimal, how: Written) -> str:
    sign = {"": "", "other": "," if how.decimal == "." else "."}.get(how.thousands, how.thousands)
    whole, _, rest = f"{value:,.2f}".partition(".")
    return whole.replace(",", sign) + how.decimal + rest


def day(offset: int, how: str) -> str:
    when = FIRST + timedelta(days=offset)
    return str((when - date(1899, 12, 30)).days) if how == "serial" else when.strftime(how)


def write(rows: list[Row], how: Written, folder: Path) -> None:
    frame = pd.DataFrame(
        [(day(row[0], how.dates), row[1], row[2], number(row[3], how), number(row[4], how)) for row in rows],
        columns=headed(how.header),
    )
    if how.trailing:
        frame[["", ""]] = ""
    text = frame.to_csv(index=False, sep=how.separator, quoting=how.quoting, lineterminator="\n")
    text = how.above.format(separator=how.separator) + text
    content = text.replace("\n", how.line_end).encode(how.encoding)
    path = folder / f"sales_data{how.ending}"
    ending = how.ending.lower()
    if ending.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("export/sales.csv", content)
            archive.writestr("__MACOSX/._sales.csv", b"left by a system")
    else:
        pack = gzip.compress if ending.endswith(".gz") else bz2.compress if ending.endswith(".bz2") else bytes
        path.write_bytes(pack(content))


def read_back(folder: Path) -> set[Read]:
    rows, _ = read_rows(folder, DataOptions(missing_dates="unknown"))
    return {
        (
            r["date"] - (FIRST - date(1970, 1, 1)).days,
            r["store_id"],
            r["product_id"],
            r["units_sold"],
            r["unit_price"],
        )
        for r in rows.to_pylist()
        if r["units_sold"] is not None
    }


def as_read(rows: list[Row]) -> set[Read]:
    """Numbers as 32 bits hold them."""
    return {(*row[:3], float(np.float32(row[3])), float(np.float32(row[4]))) for row in rows}


@settings(max_examples=150, deadline=None)
@given(ROWS, WRITTEN)
def test_a_csv_file_of_any_dialect_is_read_as_it_was(rows: list[Row], how: Written) -> None:
    rows = [*rows, TELLING]
    with tempfile.TemporaryDirectory() as name:
        write(rows, how, Path(name))
        assert read_back(Path(name)) == as_read(rows)


PARQUET_NUMBERS = [
    "float64",
    "Float64",
    "text",
    "category",
    pa.decimal128(12, 2),
    pa.decimal256(40, 2),
    pa.float32(),
]
PARQUET_DATES = [
    "date",
    "ms",
    "ns",
    "Asia/Tokyo",
    "+05:30",
    "America/New_York",
    "text",
    "category",
    "number",
    "serial",
]
PARQUET_KEYS = ["string", "category", "object", pa.large_string(), pa.binary()]


def column_of(values: list[Any], kind: str | pa.DataType) -> pa.Array:
    if isinstance(kind, pa.DataType):
        return pa.array(values, pa.string() if pa.types.is_binary(kind) else kind).cast(kind)
    return pa.Array.from_pandas(pd.Series(values, dtype=kind))


def dates_of(days: list[int], kind: str) -> pa.Array:
    when = [FIRST + timedelta(days=n) for n in days]
    stamps = pd.Series(pd.to_datetime(when))
    if kind == "date":
        return pa.array(when)
    if kind in ("text", "category"):
        return pa.Array.from_pandas(
            pd.Series([d.isoformat() for d in when], dtype="category" if kind == "category" else object)
        )
    if kind == "number":
        return pa.array([int(d.strftime("%Y%m%d")) for d in when], pa.int32())
    if kind == "serial":
        return pa.array([float((d - date(1899, 12, 30)).days) for d in when])
    if kind in ("ms", "ns"):
        return pa.array(stamps).cast(pa.timestamp(kind))
    return pa.array(stamps.dt.tz_localize(kind if "/" in kind else timezone(timedelta(hours=5, minutes=30))))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(PARQUET_NUMBERS), st.sampled_from(PARQUET_DATES), st.sampled_from(PARQUET_KEYS))
def test_a_parquet_file_of_any_types_is_read_as_it_was(
    rows: list[Row], numbers: object, dates: str, keys: object
) -> None:
    rows = [*rows, TELLING]
    days, stores, products, units, prices = (list(column) for column in zip(*rows, strict=True))

    def amounts(values: list[Decimal]) -> pa.Array:
        if numbers in ("text", "category"):
            return column_of([str(v) for v in values], "category" if numbers == "category" else "object")
        whole = isinstance(numbers, pa.DataType) and pa.types.is_decimal(numbers)
        return column_of(values if whole else [float(v) for v in values], numbers)

    table = pa.table(
        [
            dates_of(days, dates),
            column_of(stores, keys),
            column_of(products, keys),
            amounts(units),
            amounts(prices),
        ],
        names=["Date", "STORE_ID", "product_id", "units_sold", "Unit Price"],
    )
    with tempfile.TemporaryDirectory() as name:
        pq.write_table(table, Path(name) / "sales_data.PQ")
        assert read_back(Path(name)) == as_read(rows)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.booleans(), st.booleans(), st.integers(0, 3))
def test_a_workbook_is_read_as_it_was(
    rows: list[Row], dates_as_text: bool, numbers_as_text: bool, above: int
) -> None:
    rows = [*rows, TELLING]
    frame = pd.DataFrame(rows, columns=["Date", "Store ID", "Product ID", "Units Sold", "Unit Price"])
    when = [FIRST + timedelta(days=n) for n in frame["Date"]]
    frame["Date"] = [d.strftime("%d.%m.%Y") for d in when] if dates_as_text else pd.to_datetime(when)
    for name in ("Units Sold", "Unit Price"):
        frame[name] = [f"{v:,}" if numbers_as_text else float(v) for v in frame[name]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Sales_Data.XLSX"
        with pd.ExcelWriter(path, engine="openpyxl") as writer:
            frame.to_excel(writer, sheet_name="Sales", index=False, startrow=above)
            frame[:0].to_excel(writer, sheet_name="Notes")
        assert read_back(Path(folder)) == as_read(rows)
