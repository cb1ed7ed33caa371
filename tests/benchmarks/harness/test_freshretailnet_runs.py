"""Parts of the public data: which series, which days, how many origins."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness.freshretailnet_runs import FEW_ROWS, ROWS_AN_ORIGIN, add_data, part, settings, stride
from pipeline.config import Config


@pytest.fixture
def source(tmp_path: Path) -> Path:
    days = pd.date_range("2024-03-28", periods=30)
    rows = [(store, product, day) for store in range(5) for product in range(8) for day in days]
    path = tmp_path / "all.parquet"
    pd.DataFrame(rows, columns=["store_id", "product_id", "dt"]).to_parquet(path)
    return path


def test_whole_series_are_drawn_and_the_same_each_time(source: Path, tmp_path: Path) -> None:
    assert part(source, tmp_path / "a", 12, 0) == (12, 360)
    part(source, tmp_path / "b", 12, 0)
    first, second = pd.read_parquet(tmp_path / "a"), pd.read_parquet(tmp_path / "b")
    pd.testing.assert_frame_equal(first, second)
    assert (first.groupby(["store_id", "product_id"]).size() == 30).all()


def test_an_earlier_origin_has_the_same_series_without_the_last_weeks(source: Path, tmp_path: Path) -> None:
    part(source, tmp_path / "a", 12, 0)
    assert part(source, tmp_path / "b", 12, 2) == (12, 12 * 16)
    first, second = pd.read_parquet(tmp_path / "a"), pd.read_parquet(tmp_path / "b")
    expected = first[first["dt"] <= "2024-04-12"].reset_index(drop=True)
    pd.testing.assert_frame_equal(second, expected)


def test_all_series_without_a_number(source: Path, tmp_path: Path) -> None:
    assert part(source, tmp_path / "a", None, 0) == part(source, tmp_path / "b", 1000, 0) == (40, 1200)


@pytest.mark.parametrize(("times", "days"), [(0.1, 1), (1, 1), (1.5, 2), (6.4, 8), (7, 8), (13.5, 8)])
def test_origins_lie_further_apart_with_more_rows_but_on_all_weekdays_and_within_reach(
    times: float, days: int
) -> None:
    assert stride(int(times * ROWS_AN_ORIGIN)) == days


@pytest.mark.parametrize(("rows", "origins", "epochs"), [(FEW_ROWS, (3, 1), 10), (FEW_ROWS + 1, (3, 1), 6)])
def test_few_series_are_looked_at_more_often(
    tmp_path: Path, rows: int, origins: tuple[int, int], epochs: int
) -> None:
    pd.DataFrame({"dt": np.zeros(rows, np.int8)}).to_parquet(tmp_path / "all.parquet")
    found = Config.model_validate(settings(tmp_path / "all.parquet"))
    assert (found.windows.train_stride, found.windows.newest_stride) == origins
    assert found.demand_forecasting.epochs == epochs


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_data(parser)
    (tmp_path / "small.parquet").touch()
    assert parser.parse_args(["--data", str(tmp_path / "small.parquet")]).data == tmp_path / "small.parquet"
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(["--data", str(tmp_path)])
    assert f"{tmp_path}: there is no such file" in capsys.readouterr().err
