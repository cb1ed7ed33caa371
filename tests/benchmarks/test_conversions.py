"""Public weekly and daily data as files of the contract, on a few made-up rows of the same columns and types."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks import m5, vn2
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import UserError


@pytest.fixture
def weekly(tmp_path: Path) -> Path:
    folder = tmp_path / "vn2"
    folder.mkdir()
    dates = [f"{date:%Y-%m-%d}" for date in pd.date_range("2023-01-02", periods=5, freq="7D")]
    rows = [(store, product, date) for store, product in ((0, 126), (0, 7), (5, 7)) for date in dates]
    history = pd.DataFrame(rows, columns=["store_id", "product_id", "date"])
    history["units_sold"] = np.arange(len(rows), dtype=np.int32)
    history["in_stock"] = (np.arange(len(rows)) % 4 > 0).astype(np.int8)
    history.to_parquet(folder / "history.parquet", index=False)
    master = pd.DataFrame({"store_id": [0, 0, 5], "product_id": [126, 7, 7], "Department": [30, 44, 44]})
    master.to_parquet(folder / "master.parquet", index=False)
    return folder


@pytest.fixture
def daily(tmp_path: Path) -> Path:
    folder = tmp_path / "m5"
    folder.mkdir()
    keys = {
        "level": ["Level1", "Level9", "Level9"],
        "place": ["ALL", "CA_1", "TX_2"],
        "thing": ["ALL", "FOODS_1", "FOODS_1"],
    }
    sold = {f"d_{day}": [10 * day, day, day + 1] for day in range(1, 10)}
    pd.DataFrame({**keys, "weight": 1.0, "scale": 1.0, **sold}).to_parquet(folder / "levels.parquet")
    pd.DataFrame(
        {
            "date": [f"2011-01-{29 + day}" if day < 3 else f"2011-02-{day - 2:02d}" for day in range(9)],
            "wm_yr_wk": [11101] * 7 + [11102] * 2,
            "d": [f"d_{day}" for day in range(1, 10)],
            "event_name_1": [None, "SuperBowl", *[None] * 7],
            "event_name_2": [None] * 8 + ["Easter"],
            "snap_CA": [1, 0] + [0] * 7,
            "snap_TX": [1, 1] + [0] * 7,
            "snap_WI": [1, 0] + [0] * 7,
        }
    ).to_parquet(folder / "calendar.parquet")
    pd.concat(
        [
            pd.DataFrame({**keys, "wm_yr_wk": 11101, "price_index": [1.0, 0.9, 1.1]}),
            pd.DataFrame({**keys, "wm_yr_wk": 11102, "price_index": [1.2, 1.3, 1.4]}).iloc[:2],
        ]
    ).to_parquet(folder / "price_index.parquet")
    return folder


def test_weekly_sales_keep_the_contract_with_the_challenges_costs(weekly: Path, tmp_path: Path) -> None:
    assert vn2.convert(weekly, tmp_path / "out") == 15
    rows, report = read_rows(tmp_path / "out", DataOptions(frequency="W"))
    assert (rows.num_rows, report.series, report.filled_rows, report.rejected_rows) == (15, 3, 0, {})
    found = rows.to_pandas()
    assert set(found["lead_time"]) == {2}
    assert found["holding_cost"].tolist() == pytest.approx([0.2] * 15)
    assert set(found["shortage_cost"]) == {1.0}
    given = pd.read_parquet(weekly / "history.parquet").astype({"store_id": str, "product_id": str})
    given["date"] = (pd.to_datetime(given["date"]) - pd.Timestamp(1970, 1, 1)).dt.days
    both = found.merge(given, on=["store_id", "product_id", "date"], suffixes=("", "_given"))
    assert len(both) == 15
    assert both["units_sold"].tolist() == both["units_sold_given"].tolist()
    assert both["in_stock"].tolist() == both["in_stock_given"].tolist()
    assert dict(zip(found["product_id"], found["category"], strict=True)) == {"126": "30", "7": "44"}


def test_the_levels_of_m5_keep_the_contract(daily: Path, tmp_path: Path) -> None:
    assert m5.convert(daily, tmp_path / "out") == 27
    rows, report = read_rows(tmp_path / "out", DataOptions(known_ahead=dict.fromkeys(m5.KNOWN_AHEAD, "all")))
    assert (rows.num_rows, report.series, report.filled_rows) == (27, 3, 0)
    found = rows.to_pandas().set_index(["store_id", "product_id", "date"])
    first = 15_003  # 2011-01-29
    assert found.loc[("ALL", "ALL", first), "units_sold"] == 10
    assert found.loc[("TX_2", "FOODS_1", first + 8), "units_sold"] == 10
    assert found.loc[("CA_1", "FOODS_1", first + 6), "unit_price"] == pytest.approx(0.9)
    assert found.loc[("CA_1", "FOODS_1", first + 7), "unit_price"] == pytest.approx(1.3)
    assert np.isnan(found.loc[("TX_2", "FOODS_1", first + 8), "unit_price"])
    assert found.loc[("CA_1", "FOODS_1", first + 1), "event"] == "SuperBowl"
    assert [
        found.loc[(place, thing, first + 1), "snap"]
        for place, thing in (("CA_1", "FOODS_1"), ("TX_2", "FOODS_1"), ("ALL", "ALL"))
    ] == pytest.approx([0, 1, 1 / 3])
    assert found.loc[("ALL", "ALL", first + 8), "event_2"] == "Easter"
    assert set(found["category"]) == {"ALL", "FOODS"}


def test_the_lowest_level_alone(daily: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(m5.app, [str(daily), str(tmp_path / "out"), "--lowest"])
    assert result.exit_code == 0 and "18 rows of sales_data" in result.output
    assert read_rows(tmp_path / "out")[1].series == 2


@pytest.mark.parametrize("module", [vn2, m5], ids=["vn2", "m5"])
def test_wrong_files_are_the_users_mistake(module: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        module.convert(tmp_path, tmp_path / "out")
    for name in ("history.parquet", "levels.parquet"):
        (tmp_path / name).write_text("no Parquet")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        module.convert(tmp_path, tmp_path / "out")
    for name in ("history.parquet", "levels.parquet"):
        pd.DataFrame({"date": []}).to_parquet(tmp_path / name)
    result = CliRunner().invoke(module.app, [str(tmp_path), str(tmp_path / "out")])
    assert result.exit_code == 2 and "lacks the columns" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not os.environ.get("VN2"), reason="VN2 names no folder with history.parquet")
def test_the_real_weekly_sales_keep_the_contract(tmp_path: Path) -> None:
    assert vn2.convert(Path(os.environ["VN2"]), tmp_path) == 94_043
    _, report = read_rows(tmp_path, DataOptions(frequency="W"))
    assert (report.series, report.filled_rows, report.rejected_rows) == (599, 0, {})
