"""Costs that are derived from unit cost and price, against pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.folder import read_rows
from components.example_generation.joining.costs import Known, costs_of, median_of_series
from components.example_generation.options import DataOptions
from contracts.arrays import Floats
from inventory.service_levels import critical_ratio
from tests.components.example_generation.folders import Folder, good_folder, write_folder


def known(
    holding: float = np.nan, shortage: float = np.nan, cost: float = np.nan, price: float = np.nan
) -> Known:
    return Known(np.array([holding]), np.array([shortage]), np.array([cost]), np.array([price]))


def folder(*without: str) -> Folder:
    content = good_folder()
    for name in without:
        del content["products"][name]
    return content


def test_both_costs_come_from_unit_cost_and_the_median_price(tmp_path: Path) -> None:
    content = folder("holding_cost", "shortage_cost")
    content["sales_data"]["unit_price"][1] = None
    rows, report = read_rows(write_folder(tmp_path, content))
    sales = pd.DataFrame(content["sales_data"])
    price = sales.groupby(["store_id", "product_id"]).unit_price.median()
    cost = pd.Series({"A": 1.25, "B": 2.0})
    for series, frame in rows.to_pandas().groupby(["store_id", "product_id"]):
        # One value a series: a price that is missing or another one changes no single row.
        np.testing.assert_allclose(frame.holding_cost, 0.25 * cost[series[1]] / 365.25, rtol=1e-6)
        np.testing.assert_allclose(frame.shortage_cost, price[series] - cost[series[1]], rtol=1e-6)
    assert [(f.what, f.used) for f in report.fallbacks] == [
        (
            "products has no holding_cost",
            (
                "0.25 of unit_cost a year in 4 series, such as S1 A: 0.25 x 1.25 x 1 / 365.25 = 0.0008556 per unit and "
                "period"
            ),
        ),
        (
            "products has no shortage_cost",
            "the margin, median unit_price less unit_cost, in 4 series, such as S1 A: 3.5 - 1.25 = 2.25",
        ),
    ]


def test_weeks_are_held_for_longer_and_the_settings_count(tmp_path: Path) -> None:
    options = DataOptions(frequency="W", carrying_rate=0.5, shortage_margin=2)
    content = good_folder(step=7)
    del content["products"]["holding_cost"], content["products"]["shortage_cost"]
    rows, report = read_rows(write_folder(tmp_path, content), options)
    assert rows["holding_cost"][0].as_py() == pytest.approx(0.5 * 1.25 * 7 / 365.25)
    assert rows["shortage_cost"][0].as_py() == pytest.approx(2 * (3.5 - 1.25))
    assert "S1 A: 2 x (3.5 - 1.25) = 4.5" in report.fallbacks[-1].used


@pytest.mark.parametrize(("frequency", "review"), [("D", 7), ("W", 1)])
def test_without_a_price_the_ratio_of_the_constants_stays(frequency: str, review: int) -> None:
    options = DataOptions.model_validate({"frequency": frequency})
    plain, derived = (costs_of(one, options) for one in (known(), known(cost=40.0)))
    ratios = [critical_ratio(costs.holding * review, costs.shortage) for costs in (plain, derived)]
    np.testing.assert_allclose(ratios[0], 0.9)
    np.testing.assert_allclose(ratios[1], 0.9)
    assert derived.holding[0] != plain.holding[0] and derived.weeks[0]


def test_the_price_of_a_unit_beside_the_cost_of_a_pack_is_no_margin(tmp_path: Path) -> None:
    content = folder("holding_cost", "shortage_cost")
    content["products"]["unit_cost"] = [30.0, None]
    rows, report = read_rows(write_folder(tmp_path, content))
    first = rows.slice(0, 1).to_pylist()[0]
    assert first["shortage_cost"] == pytest.approx(9 * 7 * first["holding_cost"])
    assert report.fallbacks[-1].used == (
        "9 weeks of the derived holding_cost in 2 series, such as S1 A: 1.294 beside a holding_cost of 0.02053; "
        "9 in 2 series; no margin is known in 2 series, whose median unit_price is not above their unit_cost, such as "
        "S1 A: 3.5 beside 30 (is one of them of a pack?)"
    )


def test_what_is_given_or_set_goes_before_what_is_derived() -> None:
    both = {"cost": 2.0, "price": 5.0}
    given = costs_of(known(0.1, 4.0, **both), DataOptions())
    assert (given.holding[0], given.shortage[0]) == (0.1, 4.0)
    chosen = costs_of(known(**both), DataOptions(holding_cost=0.2, shortage_cost=7))
    assert (chosen.holding[0], chosen.shortage[0]) == (0.2, 7.0)
    # Both are money of the retailer's own.
    half = costs_of(known(0.1, **both), DataOptions())
    assert (half.holding[0], half.shortage[0], half.weeks[0]) == (0.1, 3.0, False)


def test_a_price_that_is_the_unit_cost_is_no_margin_however_it_is_stored() -> None:
    assert costs_of(known(cost=0.1, price=float(np.float32(0.1))), DataOptions()).no_margin[0]


def test_a_unit_cost_of_0_derives_nothing() -> None:
    free = costs_of(known(cost=0.0, price=5.0), DataOptions())
    assert (free.holding[0], free.shortage[0]) == (1 / 7, 9.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.just(np.nan), st.floats(0.5, 9)))))
def test_medians_are_those_of_pandas(rows: list[tuple[int, float]]) -> None:
    series = np.array([number for number, _ in rows], dtype=np.int64)
    values: Floats = np.array([value for _, value in rows], dtype=np.float64)
    expected = pd.Series(values).groupby(series).median().reindex(range(4))
    np.testing.assert_allclose(median_of_series(values, series, 4), expected)
