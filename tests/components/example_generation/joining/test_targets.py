"""Service targets in place of shortage costs, against pandas and SciPy."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import gamma

from components.example_generation.folder import read_folder, read_rows
from components.example_generation.joining.targets import demand_of_cycles
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import Columns, good_folder, write_folder

HOLDING = {"A": 0.25, "B": 0.5}


def costs(
    tmp_path: Path, options: dict[str, Any], review_period: int = 7, **columns: list[Any]
) -> dict[str, float]:
    """The shortage cost of each series, such as S1 A."""
    content = good_folder()
    content["products"] |= columns
    read = read_folder(
        write_folder(tmp_path, content), DataOptions.model_validate(options), review_period=review_period
    )
    rows = read.rows.to_pandas()
    assert rows.groupby(["store_id", "product_id"]).shortage_cost.nunique().eq(1).all()
    return {f"{r.store_id} {r.product_id}": r.shortage_cost for r in rows.itertuples()}


def implied(product: str, target: float, review: int = 7) -> Any:
    return pytest.approx(HOLDING[product] * review * target / (1 - target), rel=1e-6)


def test_the_nearest_target_counts_product_before_category_before_shop(tmp_path: Path) -> None:
    options = {"target_cycle_service": 0.8, "category_targets": {"bakery": {"target_cycle_service": 0.9}}}
    found = costs(tmp_path / "settings", options)
    assert found == {
        f"S{n} {name}": implied(name, {"A": 0.8, "B": 0.9}[name]) for n in (1, 2) for name in "AB"
    }
    columns: Columns = {"target_cycle_service": [None, 0.99]}
    found = costs(tmp_path / "products", options, 7, **columns)
    assert (found["S1 A"], found["S2 B"]) == (implied("A", 0.8), implied("B", 0.99))


@pytest.mark.parametrize("review", [1, 7, 14])
def test_the_review_period_is_the_cycle(review: int, tmp_path: Path) -> None:
    found = costs(tmp_path, {"target_cycle_service": 0.95}, review)
    assert found["S1 B"] == implied("B", 0.95, review)


def test_what_a_target_implies_is_said_and_goes_before_a_given_cost(tmp_path: Path) -> None:
    content = good_folder()
    content["products"]["target_cycle_service"] = [0.9, None]
    _, report = read_rows(write_folder(tmp_path, content), DataOptions(category_targets={"diary": {}}))
    assert report.notes[-2:] == (
        (
            "target_cycle_service sets the shortage_cost of 2 series, for a review every 7 periods, such as S1 A: 0.9 "
            "implies 15.75, in place of 2"
        ),
        "data.category_targets names categories that no product has: diary",
    )
    assert report.fallbacks == ()


def test_two_targets_of_a_product_are_refused_with_its_name(tmp_path: Path) -> None:
    content = good_folder()
    content["products"] |= {"target_cycle_service": [0.9, 0.9], "target_fill_rate": [None, 0.95]}
    with pytest.raises(DataRejected) as refusal:
        read_rows(write_folder(tmp_path, content))
    (problem,) = refusal.value.problems
    assert (problem.rule, problem.rows, problem.values) == ("two_targets", (2,), ("B",))


@pytest.mark.parametrize("share", [0, 1, 95, -0.5])
def test_what_is_no_share_is_refused(share: float, tmp_path: Path) -> None:
    content = good_folder()
    content["products"]["target_fill_rate"] = [None, share]
    with pytest.raises(DataRejected, match=r"0\.95 for 95%"):
        read_rows(write_folder(tmp_path, content))
    with pytest.raises(ValidationError):
        DataOptions(target_fill_rate=share)


def test_two_targets_of_the_settings_are_refused() -> None:
    for options in (
        both := {"target_fill_rate": 0.9, "target_cycle_service": 0.9},
        {"category_targets": {"a": both}},
    ):
        with pytest.raises(ValidationError, match="give one of them"):
            DataOptions.model_validate(options)


def test_a_fill_rate_is_told_from_the_series_own_cycles(tmp_path: Path) -> None:
    rng, days, review, lead = np.random.default_rng(3), 75, 7, 4
    dates = [date(2024, 1, 1) + timedelta(days=n) for n in range(days)]
    frame = pd.DataFrame({"date": dates, "units_sold": rng.poisson(3.0, days), "in_stock": 1.0})
    frame.loc[20, "in_stock"] = 0.5
    frame = frame.assign(store_id="S", product_id="P")
    sales = {str(name): frame[name].tolist() for name in frame}
    products: Columns = {
        "product_id": ["P"],
        "lead_time": [lead],
        "holding_cost": [0.1],
        "target_fill_rate": [0.97],
    }
    folder = write_folder(tmp_path, {"sales_data": sales, "products": products}, "parquet")
    rows, _ = read_rows(folder)
    # Whole weeks back from the newest day; the one with a short day is not known.
    weeks = frame[::-1].reset_index(drop=True).groupby(lambda i: i // review)
    known = [week.units_sold.sum() for _, week in weeks if len(week) == review and (week.in_stock == 1).all()]
    assert len(known) == 9
    mean, spread, cycles = np.mean(known), np.std(known, ddof=1), (lead + review) / review
    demand = gamma((mean / spread) ** 2 * cycles, scale=spread**2 / mean)
    levels = np.linspace(demand.ppf(0.5), demand.ppf(0.9999), 200_001)
    # What a level lacks, from the highest one down, is the area below the probability of more than it.
    lacks = np.cumsum(demand.sf(levels[::-1]))[::-1] * (levels[1] - levels[0])
    ratio = demand.cdf(levels[np.flatnonzero(lacks <= 0.03 * mean)[0]])
    assert rows["shortage_cost"][0].as_py() == pytest.approx(0.1 * review * ratio / (1 - ratio), rel=1e-2)


def test_without_cycles_enough_a_fill_rate_does_not_count_and_says_so(tmp_path: Path) -> None:
    content = good_folder()
    content["products"]["target_fill_rate"] = [0.9, 0.9]
    rows, report = read_rows(write_folder(tmp_path, content))
    assert set(rows["shortage_cost"].to_pylist()) == {2.0, 4.5}
    assert report.notes[-1] == (
        "target_fill_rate does not count in 4 series, of which fewer than 8 whole cycles of demand are known, such as "
        "S1 A: 0.9 with a shortage_cost of 2"
    )


def test_only_the_newest_year_tells_of_demand() -> None:
    units = np.concatenate([np.full(400, 99.0), np.tile([1.0, 3.0], 182)])
    age = np.arange(units.size)[::-1]
    demand = demand_of_cycles(units, np.zeros(units.size, dtype=np.int64), age, 1, 7, 1)
    assert demand.mean[0] == pytest.approx(14.0, abs=0.1)
