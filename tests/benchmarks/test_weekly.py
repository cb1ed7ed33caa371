"""The plain forecasts of the weekly benchmark, against sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from benchmarks.weekly import seasonal_mean, seasonal_naive
from contracts.arrays import Arrays

WEEKS = pd.date_range("2022-01-03", periods=110, freq="7D")


def sold(values: Arrays) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["S"], list(values)], names=["store_id", "product_id"])
    return pd.DataFrame(np.stack(list(values.values())), index, WEEKS)


def of(found: pd.DataFrame, product: str) -> NDArray[Any]:
    return found.xs(("S", product)).to_numpy()


def test_seasonal_naive_is_last_years_week_or_the_recent_mean() -> None:
    units = sold({"a": np.arange(110.0), "b": np.arange(110.0)})
    units.loc[("S", "b"), WEEKS[58]] = np.nan
    found = seasonal_naive(units, 3)
    assert list(found.columns) == list(pd.date_range("2024-02-12", periods=3, freq="7D"))
    assert of(found, "a").tolist() == [58, 59, 60]
    assert of(found, "b").tolist() == [np.mean([106, 107, 108, 109]), 59, 60]


def test_the_seasonal_mean_recovers_a_season_that_all_series_share() -> None:
    week = WEEKS.isocalendar().week.to_numpy().astype(float)
    season = 1 + 0.5 * np.sin(2 * np.pi * week / 52)
    found = seasonal_mean(sold({"a": 10 * season, "b": 40 * season}), 6)
    ahead = pd.date_range("2024-02-12", periods=6, freq="7D").isocalendar().week.to_numpy().astype(float)
    expected = 1 + 0.5 * np.sin(2 * np.pi * ahead / 52)
    np.testing.assert_allclose(of(found, "b") / of(found, "a"), 4)
    np.testing.assert_allclose(of(found, "a") / expected, 10, rtol=1e-9)


def test_without_any_sale_both_forecast_nothing() -> None:
    units = sold({"a": np.full(110, np.nan), "b": np.arange(110.0)})
    for forecast in (seasonal_mean, seasonal_naive):
        assert of(forecast(units, 4), "a").tolist() == pytest.approx([0.0] * 4)
