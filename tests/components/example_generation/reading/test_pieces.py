from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_generation.dates import sales_dates
from components.example_generation.folder import read_folder, read_rows
from components.example_generation.options import DataOptions
from components.example_generation.reading import pieces as reading
from contracts.errors import DataRejected
from tests.components.example_generation.folders import (
    good_folder,
    planned_note,
    write_csv,
    write_folder,
    write_parquet,
)


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    as_csv, _ = read_rows(write_folder(tmp_path / "csv", good_folder(), "csv"))
    as_parquet, _ = read_rows(write_folder(tmp_path / "parquet", good_folder(), "parquet"))
    assert as_csv.equals(as_parquet)


def test_a_folder_of_parts_is_one_file(tmp_path: Path) -> None:
    whole, _ = read_rows(write_folder(tmp_path / "whole", good_folder()))
    content = good_folder()
    sales = content.pop("sales_data")
    folder = write_folder(tmp_path / "parts", content)
    (folder / "sales_data").mkdir()
    write_csv(folder / "sales_data" / "part-0.csv", {k: v[8:] for k, v in sales.items()})
    write_parquet(folder / "sales_data" / "part-1.parquet", {k: v[:5] for k, v in sales.items()})
    write_csv(folder / "sales_data" / "middle.csv", {k: v[5:8] for k, v in sales.items()})
    plain = (folder / "sales_data" / "middle.csv").read_bytes()
    (folder / "sales_data" / "part-2.csv.gz").write_bytes(gzip.compress(plain))
    (folder / "sales_data" / "middle.csv").unlink()
    (folder / "sales_data" / "_SUCCESS").touch()
    rows, _ = read_rows(folder)
    assert rows.equals(whole)


def test_a_column_that_only_some_parts_have_is_empty_in_the_others(tmp_path: Path) -> None:
    content = good_folder()
    sales = content.pop("sales_data")
    folder = write_folder(tmp_path, content)
    (folder / "sales_data").mkdir()
    write_csv(folder / "sales_data" / "a.csv", {k: v[:6] for k, v in sales.items() if k != "unit_price"})
    write_csv(folder / "sales_data" / "b.csv", {k: v[6:] for k, v in sales.items()})
    rows, _ = read_rows(folder)
    assert rows["unit_price"].to_pylist() == [None] * 6 + sales["unit_price"][6:]


def test_row_groups_and_blocks_do_not_change_a_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = good_folder()
    whole, _ = read_rows(write_folder(tmp_path / "whole", content, "parquet"))
    folder = write_folder(tmp_path / "groups", content, "parquet")
    write_parquet(folder / "sales_data.parquet", content["sales_data"], row_group_size=5)
    monkeypatch.setattr(reading, "_BLOCK_ROWS", 2)
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 150)
    assert read_rows(folder)[0].equals(whole)
    assert read_rows(write_folder(tmp_path / "csv", content, "csv"))[0].equals(whole)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_row_numbers_run_on_from_block_to_block(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BLOCK_ROWS", 2)
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 150)
    content = good_folder()
    for row in (4, 9, 12):
        content["sales_data"]["units_sold"][row - 1] = -row
    write_folder(tmp_path, content, form)
    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path)
    (problem,) = refusal.value.problems
    assert (problem.rows, problem.values, problem.count) == ((4, 9, 12), ("-4", "-9", "-12"), 3)


def test_numeric_identifiers_are_text(tmp_path: Path) -> None:
    keys = {"date": [date(2024, 1, 1)] * 3, "units_sold": [1, 2, 3]}
    table = pa.table({**keys, "store_id": pa.array([1, 2, 3], pa.int16()), "product_id": [7.0, 8.0, 9.0]})
    pq.write_table(table, tmp_path / "sales_data.parquet")
    rows, _ = read_rows(tmp_path)
    assert rows["store_id"].to_pylist() == ["1", "2", "3"]
    assert rows["product_id"].to_pylist() == ["7", "8", "9"]


def test_leading_zeros_stay_and_blanks_around_go(tmp_path: Path) -> None:
    (tmp_path / "sales_data.csv").write_text(
        'date,store_id,product_id,units_sold\n2024-01-01,007, A ,+1\n2024-01-02," 007","A",1e1\n'
    )
    rows, report = read_rows(tmp_path)
    assert report.series == 1
    assert rows["store_id"].to_pylist() == ["007", "007"]
    assert rows["units_sold"].to_pylist() == [1.0, 10.0]


@pytest.mark.parametrize(
    "dates",
    [
        pa.array([date(2024, 1, 1), date(2024, 1, 2)], pa.date32()),
        pa.array([date(2024, 1, 1), date(2024, 1, 2)], pa.date64()),
        pa.array([date(2024, 1, 1), date(2024, 1, 2)]).cast(pa.timestamp("ns")),
        pa.array([1704067200000, 1704153600000], pa.timestamp("ms", "UTC")),
        pa.array(["2024-01-01", "2024-01-02"]),
        pa.array(["2024-01-01 00:00:00", "2024-01-02T00:00"]).dictionary_encode(),
        pa.array(["2024-01-01", "2024-01-02"], pa.large_string()),
    ],
    ids=lambda array: str(array.type),
)
def test_dates_of_every_type_are_the_same_days(dates: pa.Array, tmp_path: Path) -> None:
    columns = {"date": dates, "store_id": ["S", "S"], "product_id": ["A", "A"], "units_sold": [1, 2]}
    pq.write_table(pa.table(columns), tmp_path / "sales_data.parquet")
    rows, _ = read_rows(tmp_path)
    assert rows["date"].to_pylist() == [19723, 19724]


@pytest.mark.parametrize(
    "units",
    [
        pa.array([1, 2], pa.int8()),
        pa.array([1, 2], pa.float64()),
        pa.array(["1", "2.0"]),
        pa.array([Decimal("1.00"), Decimal("2.00")]),
    ],
    ids=lambda array: str(array.type),
)
def test_numbers_of_every_type_are_the_same_units(units: pa.Array, tmp_path: Path) -> None:
    columns = {"date": ["2024-01-01", "2024-01-02"], "store_id": ["S", "S"], "product_id": ["A", "A"]}
    pq.write_table(pa.table({**columns, "units_sold": units}), tmp_path / "sales_data.parquet")
    rows, _ = read_rows(tmp_path)
    assert rows["units_sold"].to_pylist() == [1.0, 2.0]


def test_a_large_torn_archive_is_refused_where_it_tears(tmp_path: Path) -> None:
    rows = b"".join(b"2024-01-01,S%d,P%d,%d\n" % (n, n * 7919, n * 104729) for n in range(150_000))
    packed = gzip.compress(b"date,store_id,product_id,units_sold\n" + rows, compresslevel=1)
    (tmp_path / "sales_data.csv.gz").write_bytes(packed[:-1000])
    with pytest.raises(DataRejected, match="cannot be read as CSV after row") as refusal:
        read_rows(tmp_path)
    assert [p.rule for p in refusal.value.problems] == ["corrupt_csv"]


def test_a_byte_order_mark_quotes_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    text = '\ufeff"date","store_id","product_id","units_sold"\r\n2024-01-01,"S, 1","A ""x""",1\r\n'
    (tmp_path / "sales_data.csv").write_bytes(text.encode())
    rows, _ = read_rows(tmp_path)
    assert (rows["store_id"].to_pylist(), rows["product_id"].to_pylist()) == (["S, 1"], ['A "x"'])


def test_only_the_four_keys_are_needed_and_every_fallback_is_told(tmp_path: Path) -> None:
    content = good_folder()
    keys = ("date", "store_id", "product_id", "units_sold")
    write_folder(tmp_path, {"sales_data": {k: content["sales_data"][k] for k in keys}})
    rows, report = read_rows(tmp_path)
    first = rows.slice(0, 1).to_pylist()[0]
    assert first == {
        "date": 19723,
        "store_id": "S1",
        "product_id": "A",
        "category": "",
        "units_sold": 0.0,
        "in_stock": 1.0,
        "lead_time": 3,
        "pack_size": 1.0,
        "minimum_order_quantity": 0.0,
        "holding_cost": np.float32(1 / 7),
        "shortage_cost": 9.0,
    }
    assert [(f.what, f.used) for f in report.fallbacks] == [
        ("sales_data has no unit_price", "left out"),
        ("sales_data has no discount", "left out"),
        ("sales_data has no on_promotion", "left out"),
        ("sales_data has no in_stock", "every period counts as fully stocked"),
        ("no inventory_levels", "stock and open orders are left out"),
        ("no external_factors", "the calendar alone"),
        ("no store_calendar", "a store is closed on weekdays without a sale of any product for 8 weeks"),
        (
            "no products",
            (
                "category: one category for all, lead_time: 3, pack_size: 1, minimum_order_quantity: 0, "
                "holding_cost: 0.142857, shortage_cost: 9, unit_cost: left out of stock value, "
                "maximum_order_quantity: no maximum"
            ),
        ),
    ]


def test_empty_values_of_products_fall_back_one_by_one(tmp_path: Path) -> None:
    content = good_folder()
    content["products"]["lead_time"][1] = None
    content["products"]["category"][0] = None
    content["products"]["unit_cost"] = [None, 2.5]
    rows, report = read_rows(write_folder(tmp_path, content), DataOptions(lead_time=5))
    assert rows["lead_time"].to_pylist() == [2, 2, 2, 5, 5, 5] * 2
    assert rows["category"].to_pylist()[0] == ""
    assert [(f.what, f.used) for f in report.fallbacks] == [
        ("1 of 2 products have no category", "one category for all"),
        ("1 of 2 products have no unit_cost", "left out of stock value"),
        ("1 of 2 products have no lead_time", "5"),
    ]


def test_what_is_not_used_is_noted(tmp_path: Path) -> None:
    content = good_folder()
    content["sales_data"]["colour"] = ["red"] * 12
    levels = content["inventory_levels"]
    levels["store_id"][0] = "S9"
    levels["date"][5] = "2024-02-01"
    levels["date"][6] = "2023-12-31"
    content["products"]["product_id"][1] = "Z"
    _, report = read_rows(write_folder(tmp_path, content))
    stock, products = "1 of 12 rows of inventory_levels, such as", "1 of 2 products"
    ids = "(1 store_id do not occur in sales_data: 'S9'; it has 'S1', 'S2')"
    others = "(1 product_id do not occur in products: 'B'; it has 'A', 'Z')"
    fallbacks = f"in 2 of 4 series, are not in products: the fallbacks stand in {others}"
    assert list(report.notes) == [
        "sales_data has a column that is not in the contract and is not read: colour",
        f"{stock} S9 A 2024-01-01, are of a store and product without sales: only the plan counts them {ids}",
        f"{stock} S2 A 2023-12-31, lie before the first sale of their series: not used",
        f"{stock} S1 B 2024-02-01, are newer than 2024-01-03, the newest date of sales_data: not used",
        planned_note(),
        f"{products} of sales_data, {fallbacks}",
        f"{products} have no sales: 'Z'",
    ]


def test_a_grid_that_is_mostly_filled_is_noted(tmp_path: Path) -> None:
    _, report = read_rows(write_folder(tmp_path, {"sales_data": good_folder(step=7)["sales_data"]}))
    assert report.notes == (
        (
            "48 of 60 rows are dates that sales_data does not name, between the first sale of a series and the "
            "newest of its store: see missing_dates, and look for weekly data read as daily"
        ),
    )


def test_external_columns_are_numbers_or_text_by_their_values(tmp_path: Path) -> None:
    content = good_folder()
    content["external_factors"]["code"] = ["1", "x", "y", "z", "", ""]
    _, report = read_rows(write_folder(tmp_path, content), DataOptions(known_ahead={"code": 3}))
    assert [(c.name, c.kind, c.known_ahead) for c in report.external] == [
        ("temperature", "number", 0),
        ("event", "text", "all"),
        ("code", "text", 3),
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_known_future_goes_on_after_the_last_sale(form: str, tmp_path: Path) -> None:
    content = good_folder()
    outside = content["external_factors"]
    for day, store, degrees, event in (
        ("2024-01-04", "", 5.0, "fair"),
        ("2024-01-04", "S2", 6.0, ""),
        ("2024-01-06", "S1", 7.0, "parade"),
    ):
        for name, value in zip(outside, (day, store, degrees, event), strict=True):
            outside[name].append(value)
    options = DataOptions(known_ahead={"temperature": "all"})
    future = read_folder(write_folder(tmp_path, content, form), options).future.external
    found = [tuple(row.values()) for row in future.to_pylist()]
    assert future.column_names == ["date", "store_id", "temperature", "event", "open_planned"]
    assert found == [
        (19726, "S1", 5.0, "fair", None),
        (19727, "S1", None, None, 1),
        (19728, "S1", 7.0, "parade", None),
        (19726, "S2", 6.0, "fair", None),
        (19727, "S2", None, None, 1),
        (19728, "S2", None, None, None),
    ]


def test_without_external_factors_nothing_is_known_ahead(tmp_path: Path) -> None:
    write_folder(tmp_path, {"sales_data": good_folder()["sales_data"]})
    assert read_folder(tmp_path).future.external.num_rows == 0


def test_the_range_of_dates_passes_unreadable_ones_over(tmp_path: Path) -> None:
    content = good_folder()
    content["sales_data"]["date"][2] = "soon"
    days, newest = sales_dates(write_folder(tmp_path, content), DataOptions())
    assert (days.tolist(), newest) == ([19723, 19724, 19725], 19725)
    content["sales_data"]["date"] = ["soon"] * 12
    assert sales_dates(write_folder(tmp_path, content), DataOptions())[0].size == 0
