from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.freshretailnet import Category, app, convert
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import UserError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A few rows of the same columns and types."""
    frame = pd.DataFrame(
        [
            (store, product, pd.Timestamp(2024, 3, 28) + pd.Timedelta(days=day))
            for store in (3, 11)
            for product in (7, 40)
            for day in range(4)
        ],
        columns=["store_id", "product_id", "dt"],
    )
    number = np.arange(len(frame))
    frame["sale_amount"] = (number * 0.1).astype(np.float32)
    frame["discount"] = np.where(number == 1, 0.0, np.where(number == 2, 1.2, 0.9)).astype(np.float32)
    frame["activity_flag"] = (number % 2).astype(np.int8)
    frame["holiday_flag"] = (frame["dt"].dt.day == 30).astype(np.int8)
    frame["oos_hours_6_22"] = (number % 17).astype(np.int8)
    for index, name in enumerate(("precpt", "avg_temperature", "avg_humidity", "avg_wind_level")):
        frame[name] = (frame["store_id"] + frame["dt"].dt.day / 10 + index).astype(np.float32)
    frame["first_category_id"] = (frame["product_id"] // 10).astype(np.int16)
    frame["second_category_id"] = (frame["product_id"] // 5).astype(np.int16)
    frame["third_category_id"] = frame["product_id"].astype(np.int16)
    for name in ("store_id", "product_id"):
        frame[name] = frame[name].astype(np.int16)
    path = tmp_path / "daily.parquet"
    frame.to_parquet(path, index=False, row_group_size=5)
    return path


def test_the_converted_folder_keeps_the_contract(source: Path, tmp_path: Path) -> None:
    assert convert(source, tmp_path / "out") == 16
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "external_factors.parquet",
        "products.parquet",
        "sales_data.parquet",
    ]
    rows, report = read_rows(tmp_path / "out", DataOptions())
    assert (rows.num_rows, report.series, report.filled_rows) == (16, 4, 0)
    assert {f.what for f in report.fallbacks} >= {"products has no unit_cost", "no inventory_levels"}
    assert "unit_price" not in rows.column_names


def test_every_value_is_carried_over(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path)
    found = read_rows(tmp_path, DataOptions())[0].to_pandas()
    frame = pd.read_parquet(source)
    for name in ("store_id", "product_id"):
        frame[name] = frame[name].astype(str)
    frame["date"] = (frame["dt"] - pd.Timestamp(1970, 1, 1)).dt.days
    both = found.merge(frame, on=["date", "store_id", "product_id"], suffixes=("", "_given"))
    assert len(both) == 16
    assert both["units_sold"].tolist() == both["sale_amount"].tolist()
    assert both["on_promotion"].tolist() == both["activity_flag"].tolist()
    assert both["in_stock"].tolist() == pytest.approx((1 - both["oos_hours_6_22"] / 16).tolist())
    given = both["discount_given"].where(both["discount_given"].between(0, 1, inclusive="right"))
    np.testing.assert_array_equal(both["discount"], given)
    assert given.isna().sum() == 2
    assert both["category"].tolist() == both["first_category_id"].astype(str).tolist()
    for ours, theirs in (
        ("holiday", "holiday_flag"),
        ("precipitation", "precpt"),
        ("temperature", "avg_temperature"),
        ("humidity", "avg_humidity"),
        ("wind", "avg_wind_level"),
    ):
        assert both[ours].tolist() == pytest.approx(both[theirs].tolist())


def test_the_level_of_the_category_can_be_chosen(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path, Category.third)
    assert set(read_rows(tmp_path)[0]["category"].to_pylist()) == {"7", "40"}


def test_the_command_line(source: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["convert", str(source), str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "16 rows of sales_data" in result.output
    result = CliRunner().invoke(app, ["convert", str(tmp_path / "missing"), str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "There is no file" in result.output


def test_wrong_files_are_the_users_mistake(source: Path, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        convert(tmp_path / "text.parquet", tmp_path / "out")
    pd.read_parquet(source).drop(columns=["dt", "precpt"]).to_parquet(tmp_path / "narrow.parquet")
    with pytest.raises(UserError, match="lacks the columns dt, precpt"):
        convert(tmp_path / "narrow.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(
    not os.environ.get("FRESHRETAILNET"), reason="FRESHRETAILNET names no folder with small.parquet"
)
def test_the_real_data_keeps_the_contract(tmp_path: Path) -> None:
    assert convert(Path(os.environ["FRESHRETAILNET"]) / "small.parquet", tmp_path) == 101_610
    rows, report = read_rows(tmp_path)
    assert (rows.num_rows, report.series, report.filled_rows) == (101_610, 1129, 0)
    assert report.rejected_rows == {}
