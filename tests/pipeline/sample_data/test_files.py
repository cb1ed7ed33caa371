from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from components.example_generation.contract import FILES, STORE_CALENDAR, SUPPLIERS
from components.example_generation.folder import read_folder, read_rows
from components.example_generation.options import DataOptions
from pipeline.sample_data.files import start_until, write_sample_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    write_sample_data(out)
    return out


@pytest.fixture(scope="module")
def sales(folder: Path) -> pd.DataFrame:
    sales = pd.read_csv(folder / "sales_data.csv", parse_dates=["date"])
    truth = pd.read_parquet(folder / "true_demand" / "true_demand.parquet")
    truth["date"] = pd.to_datetime(truth["date"])
    merged = sales.merge(truth, on=["date", "store_id", "product_id"], validate="one_to_one")
    assert len(merged) == len(sales) == len(truth)
    products = pd.read_csv(folder / "products.csv")
    return merged.merge(products[["product_id", "category"]], on="product_id")


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        write_sample_data(tmp_path / name, stores=2, products=5, periods=40, seed=seed)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert content(tmp_path / "one") != content(tmp_path / "other")


def test_the_reader_accepts_it_and_never_sees_the_true_demand(folder: Path) -> None:
    rows, report = read_rows(folder, DataOptions())
    assert (report.series, report.filled_rows) == (240, 0)
    assert (report.first_date, report.last_date) == (date(2024, 1, 1), date(2025, 12, 30))
    assert [fallback.what for fallback in report.fallbacks] == ["no store_calendar"]
    (note,) = report.notes
    assert re.fullmatch(
        r"planned after 2025-12-30, until 2026-01-27: 1680 rows, \d+ of them on promotion, such as all stores P\d{4} "
        r"2026-01-\d\d",
        note,
    )
    assert report.rejected_rows == {}
    assert not [name for name in rows.column_names if "demand" in name]
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [*(f"{name}.csv" for name in FILES if name not in (STORE_CALENDAR, SUPPLIERS)), "true_demand"]
    )


@pytest.mark.parametrize(
    ("frequency", "periods", "first", "last"),
    [
        ("W", None, "2024-01-01", "2025-12-22"),
        ("D", 800, "2023-10-23", "2025-12-30"),
        ("W", 730, "2012-01-02", "2025-12-22"),
        ("W", 20, "2024-01-01", "2024-05-13"),
    ],
)
def test_however_long_it_is_it_ends_in_the_past(
    tmp_path: Path, frequency: Literal["D", "W"], periods: int | None, first: str, last: str
) -> None:
    write_sample_data(tmp_path, stores=1, products=2, periods=periods, frequency=frequency)
    dates = pd.to_datetime(pd.read_csv(tmp_path / "sales_data.csv").date)
    assert (str(dates.min().date()), str(dates.max().date())) == (first, last)
    assert frequency == "D" or set(dates.dt.weekday) == {0}


@pytest.mark.parametrize(
    ("last", "frequency", "ends"),
    [
        ("2026-03-04", "D", "2026-03-04"),
        ("2026-03-04", "W", "2026-02-23"),  # a Wednesday: its own week is not over
        ("2026-03-08", "W", "2026-03-02"),  # a Sunday: its week is
        ("2026-03-09", "W", "2026-03-02"),
    ],
)
def test_it_ends_on_the_day_that_is_asked_for(
    tmp_path: Path, last: str, frequency: Literal["D", "W"], ends: str
) -> None:
    start = start_until(date.fromisoformat(last), 30, frequency)
    write_sample_data(tmp_path, stores=1, products=2, periods=30, frequency=frequency, start=start)
    assert pd.read_csv(tmp_path / "sales_data.csv").date.max() == ends


def test_weekly_data_is_accepted_too(tmp_path: Path) -> None:
    write_sample_data(tmp_path, stores=2, products=6, periods=60, frequency="W")
    rows, report = read_rows(tmp_path, DataOptions(frequency="W"))
    assert report.series == 12
    assert set(np.diff(np.unique(rows["date"].to_numpy()))) == {7}
    assert (
        len(np.unique(read_folder(tmp_path, DataOptions(frequency="W")).future.external["date"].to_numpy()))
        == 4
    )


def test_four_weeks_beyond_the_last_sale_are_known(folder: Path) -> None:
    future = read_folder(folder).future.external
    assert future.num_rows == 4 * 28
    assert {"holiday", "event"} <= set(future.column_names)
    assert 1.0 in future["holiday"].to_pylist()


def test_sales_are_demand_as_far_as_stock_lasted(sales: pd.DataFrame) -> None:
    full = sales["in_stock"] >= 1
    assert (sales.loc[full, "units_sold"] == sales.loc[full, "demand"]).all()
    short = ~full & (sales["demand"] > 0)
    assert (sales.loc[short, "units_sold"] < sales.loc[short, "demand"]).all()
    assert sales["in_stock"].between(0, 1).all()
    assert 0.05 <= (~full).mean() <= 0.08
    for name in ("units_sold", "demand", "on_promotion"):
        assert sales[name].dtype.kind == "i"


def test_the_stock_adds_up(folder: Path) -> None:
    stock = pd.read_csv(folder / "inventory_levels.csv", parse_dates=["date"])
    sales = pd.read_csv(folder / "sales_data.csv", parse_dates=["date"])
    rows = sales.merge(stock, on=["date", "store_id", "product_id"], validate="one_to_one")
    products = pd.read_csv(folder / "products.csv").set_index("product_id")
    rows = rows.sort_values(["store_id", "product_id", "date"])
    before = rows.groupby(["store_id", "product_id"])["on_hand"].shift()
    arrived = (rows["on_hand"] + rows["units_sold"] - before).dropna()
    assert (arrived >= 0).all()
    packs = arrived / rows.loc[arrived.index, "product_id"].map(products["pack_size"])
    assert (packs == packs.round()).all()
    assert (arrived > 0).mean() < 1 / 6  # reviews are weekly


def test_terms_of_the_products(folder: Path) -> None:
    products = pd.read_csv(folder / "products.csv")
    # A quarter of a product's cost a year, and what spoils of fresh goods; a margin at least where one is short.
    yearly = 365.25 * products["holding_cost"] / products["unit_cost"]
    fresh = products["category"].isin(["bakery", "dairy", "produce"])
    assert yearly[~fresh].between(0.16, 0.34).all()
    assert yearly[fresh].between(2.5, 15).all()
    assert (products["shortage_cost"] > 0.3 * products["unit_cost"]).all()
    assert products["lead_time"].between(1, 7).all()
    assert products["pack_size"].nunique() > 2
    assert products["maximum_order_quantity"].isna().any()
    assert (products["maximum_order_quantity"] > 0).any()


def test_demand_answers_to_week_year_promotion_price_and_holiday(sales: pd.DataFrame, folder: Path) -> None:
    by_weekday = sales.groupby(sales["date"].dt.dayofweek)["demand"].mean()
    assert by_weekday[5] > 1.25 * by_weekday[1]
    beverages = sales[sales["category"] == "beverages"]
    by_month = beverages.groupby(beverages["date"].dt.month)["expected_demand"].mean()
    assert by_month[7] > 1.2 * by_month[1]
    mean = sales.groupby(["store_id", "product_id"])["expected_demand"].transform("mean")
    relative = sales["expected_demand"] / mean
    promoted = sales["on_promotion"] == 1
    assert 0.07 < promoted.mean() < 0.13
    assert relative[promoted].mean() > 1.4 * relative[~promoted].mean()
    assert (sales.loc[promoted, "discount"] < 1).all()
    assert (sales.loc[~promoted, "discount"] == 1).all()
    holidays = (
        pd.read_csv(folder / "external_factors.csv", parse_dates=["date"])
        .query("holiday == 1")["date"]
        .unique()
    )
    on_holiday = sales["date"].isin(holidays)
    assert relative[on_holiday].mean() < 0.9 * relative[~on_holiday].mean()


def test_noise_is_wider_than_poisson_and_some_products_sell_seldom(sales: pd.DataFrame) -> None:
    excess = (sales["demand"] - sales["expected_demand"]) ** 2 - sales["expected_demand"]
    assert excess[sales["expected_demand"] > 5].mean() > 1
    zero_share = sales.groupby("product_id")["demand"].agg(lambda units: (units == 0).mean())
    assert (zero_share > 0.5).sum() >= 3
    assert (zero_share < 0.1).sum() >= 20


def test_some_products_come_later(sales: pd.DataFrame) -> None:
    launch = sales.groupby("product_id")["date"].min()
    assert (launch > launch.min()).sum() >= 2


@pytest.mark.parametrize("size", [{"stores": 0}, {"products": 0}, {"periods": 0}, {"seed": -1}])
def test_impossible_sizes(size: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="or more"):
        write_sample_data(tmp_path, **size)


def test_the_smallest_retailer(tmp_path: Path) -> None:
    write_sample_data(tmp_path, stores=1, products=1, periods=1)
    assert read_rows(tmp_path)[0].num_rows == 1
