"""Where series end, and dates that cannot be right."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pytest

from components.example_generation.dates import today
from components.example_generation.folder import read_folder, read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import write_csv

BEGIN = date(2024, 1, 1)


def shop(days: int = 40, stores: int = 2, products: int = 6, step: int = 1) -> pd.DataFrame:
    """Sales of every product in every store on every day."""
    keys = [
        ((BEGIN + timedelta(days=step * n)).isoformat(), f"S{s}", f"P{p}")
        for n in range(days) for s in range(stores) for p in range(products)
    ]  # fmt: skip
    frame = pd.DataFrame(keys, columns=["date", "store_id", "product_id"])
    return frame.assign(units_sold=1 + frame.index % 5)


def written(folder: Path, sales: pd.DataFrame, inventory: pd.DataFrame | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in (("sales_data", sales), ("inventory_levels", inventory)):
        if frame is not None:
            write_csv(folder / f"{name}.csv", {column: frame[column].tolist() for column in frame.columns})
    return folder


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.mark.parametrize("missing", ["zero", "unknown"])
def test_days_after_the_last_sale_count_up_to_the_end_of_the_store(missing: Any, tmp_path: Path) -> None:
    sales = shop()
    # P0 of S0 is not sold any more from the eleventh day on; S1 closes ten days before S0.
    slow = (sales.store_id == "S0") & (sales.product_id == "P0") & (sales.date > "2024-01-10")
    closed = (sales.store_id == "S1") & (sales.date > "2024-01-30")
    folder = written(tmp_path, sales[~slow & ~closed])
    frame = read_rows(folder, DataOptions(missing_dates=missing))[0].to_pandas()
    ends = frame.groupby(["store_id", "product_id"]).date.max()
    assert set(ends["S0"]) == {day_of("2024-02-09")} and set(ends["S1"]) == {day_of("2024-01-30")}
    late = frame[(frame.store_id == "S0") & (frame.product_id == "P0") & (frame.date > day_of("2024-01-10"))]
    assert len(late) == 30
    assert (late.units_sold == 0).all() if missing == "zero" else late.units_sold.isna().all()


def test_stock_after_the_last_sale_of_a_series_is_used(tmp_path: Path) -> None:
    sales = shop()
    sold_out = (sales.product_id == "P3") & (sales.store_id == "S0") & (sales.date > "2024-02-08")
    stock = sales[["date", "store_id", "product_id"]].assign(on_hand=9, on_order=0)
    stock.loc[sold_out, ["on_hand", "on_order"]] = 0, 144
    read = read_folder(written(tmp_path, sales[~sold_out], stock))
    last = {
        (row["store_id"], row["product_id"]): row
        for row in read.rows.to_pylist() if row["date"] == day_of("2024-02-09")
    }  # fmt: skip
    row = last["S0", "P3"]
    assert (row["units_sold"], row["on_hand"], row["on_order"], row["in_stock"]) == (0, 0, 144, 0)
    stock = {(row["store_id"], row["product_id"]): row for row in read.stock.to_pylist()}["S0", "P3"]
    assert (stock["on_hand"], stock["on_order"], stock["stock_date"]) == (0, 144, day_of("2024-02-09"))


def test_the_newest_stock_is_that_of_pandas(tmp_path: Path) -> None:
    sales = shop()
    stock = sales[["date", "store_id", "product_id"]].sample(150, random_state=1)
    stock = stock.assign(on_hand=range(150), on_order=range(150, 300))
    stock.loc[stock.index[::3], "on_hand"] = None
    later = stock[:5].assign(date="2024-02-10", product_id=[f"P{n}" for n in range(5)])
    new = pd.DataFrame(
        {"date": ["2024-01-20"], "store_id": ["S1"], "product_id": ["NEW"], "on_hand": [4], "on_order": [6]}
    )
    whole = pd.concat([stock, later, new], ignore_index=True)
    read = read_folder(written(tmp_path, sales, whole))
    until_then = whole[whole.date <= "2024-02-09"].sort_values("date")
    for name, when in (("on_hand", "stock_date"), ("on_order", "order_date")):
        newest = until_then.dropna(subset=[name]).groupby(["store_id", "product_id"]).tail(1)
        expected = {
            (r.store_id, r.product_id): (getattr(r, name), day_of(str(r.date))) for r in newest.itertuples()
        }
        found = {
            (row["store_id"], row["product_id"]): (row[name], row[when])
            for row in read.stock.to_pylist() if row[name] is not None
        }  # fmt: skip
        assert found == expected


def with_row(sales: pd.DataFrame, day: str, count: int = 1) -> pd.DataFrame:
    return pd.concat([sales, sales[:count].assign(date=day)], ignore_index=True)


@pytest.mark.parametrize(
    ("day", "count", "step"),
    [("2024-02-29", 1, 1), ("2014-01-02", 1, 1), ("2024-02-14", 1, 1), ("2025-11-01", 3, 1), ("2019-05-06", 2, 7)],
)  # fmt: skip
@pytest.mark.parametrize("file", ["sales_data", "inventory_levels"])
def test_a_mistyped_date_is_refused_or_set_aside(
    day: str, count: int, step: int, file: str, tmp_path: Path
) -> None:
    sales = shop(days=60 if step == 7 else 40, step=step)
    stock = sales[["date", "store_id", "product_id"]].assign(on_hand=9)
    clean = written(tmp_path / "clean", sales, stock)
    if file == "sales_data":
        invalid = written(tmp_path / "invalid", with_row(sales, day, count), stock)
    else:
        invalid = written(tmp_path / "invalid", sales, with_row(stock, day, count))
    frequency: Any = "W" if step == 7 else "D"
    with pytest.raises(DataRejected) as refusal:
        read_rows(invalid, DataOptions(frequency=frequency))
    (problem,) = [found for found in refusal.value.problems if found.rule == "stray_date"]
    assert (problem.file, problem.column, problem.count) == (f"{file}.csv", "date", count)
    assert problem.rows == tuple(len(sales) + 1 + n for n in range(count)) and set(problem.values) == {day}

    tolerant = DataOptions(frequency=frequency, quarantine=0.05)
    read = read_folder(invalid, tolerant, tmp_path / "quarantine")
    assert read.rows.equals(read_rows(clean, tolerant)[0])
    assert read.report.rejected_rows == {file: count}
    assert pd.read_csv(tmp_path / "quarantine" / f"{file}.csv").date.tolist() == [day] * count


def test_up_to_an_as_of_date_later_slips_do_not_matter(tmp_path: Path) -> None:
    sales = shop()
    invalid = written(tmp_path / "invalid", with_row(with_row(sales, "2024-02-29"), "2030-01-01"))
    found, _ = read_rows(invalid, DataOptions(as_of=date(2024, 2, 9)))
    assert found.equals(read_rows(written(tmp_path / "clean", sales))[0])


def test_a_date_after_today_is_refused_wherever_it_is(tmp_path: Path) -> None:
    tomorrow = date(1970, 1, 1) + timedelta(days=today() + 1)
    sales = shop()
    shift = tomorrow - timedelta(days=40) - BEGIN
    recent = sales.assign(date=sales.date.map(lambda day: str(date.fromisoformat(day) + shift)))
    assert recent.date.max() == (tomorrow - timedelta(days=1)).isoformat()
    assert read_rows(written(tmp_path, recent))[1].last_date == tomorrow - timedelta(days=1)
    late = with_row(recent, tomorrow.isoformat())
    with pytest.raises(DataRejected, match=rf"after today, .* \[row 481: '{tomorrow}'\]"):
        read_rows(written(tmp_path, late))
    _, report = read_rows(written(tmp_path, late), DataOptions(quarantine=0.01))
    assert report.last_date == tomorrow - timedelta(days=1) and report.rejected_rows == {"sales_data": 1}


def test_a_newest_date_with_hardly_a_row_is_told(tmp_path: Path) -> None:
    _, report = read_rows(written(tmp_path, with_row(shop(), "2024-02-10")))
    assert report.last_date == date(2024, 2, 10)
    assert any(
        "2024-02-10, has 1 row, where a date usually has 12" in n and "--as-of 2024-02-09" in n
        for n in report.notes
    )
    _, report = read_rows(written(tmp_path, with_row(shop(), "2024-02-10", 6)))
    assert not any("usually has" in note for note in report.notes)


@pytest.mark.parametrize(
    "sales",
    [
        shop(stores=1, products=1),
        shop(stores=1, products=1)[::9],
        shop(days=5),
        shop()[lambda f: pd.to_datetime(f.date).dt.dayofweek != 6],
        shop(days=120)[lambda f: (f.date < "2024-02-01") | (f.date > "2024-04-01")],
        shop(days=200, products=2)[lambda f: (f.index % 23 == 0) | (f.date > "2024-07-10")],
        shop(days=100)[lambda f: (f.store_id == "S0") | (f.date > "2024-04-07")],
        shop(days=60, step=7),
    ],
    ids=["one series", "now and then", "new", "no Sundays", "closed for two months", "sparse", "new store", "weekly"],
)  # fmt: skip
def test_valid_shops_are_as_they_are(sales: pd.DataFrame, tmp_path: Path) -> None:
    weekly = pd.to_datetime(sales.date).diff().dt.days.eq(7).any() and sales.date.nunique() == 60
    rows, report = read_rows(written(tmp_path, sales), DataOptions(frequency="W" if weekly else "D"))
    assert report.read_rows == {"sales_data": len(sales)}
    assert pc.sum(rows["units_sold"]).as_py() == sales.units_sold.sum()
