"""Demand anomalies: found where planted, and silent where there is chance alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.orders.realised_accuracy.anomalies import demand_anomalies

LOW, HIGH = 0.05, 0.95


def outside(rng: np.random.Generator, stores: int = 4, products: int = 30, periods: int = 28) -> pd.DataFrame:
    """Uniform ranks of demand within its forecast: outside exactly as often as the levels say."""
    index = pd.MultiIndex.from_product(
        [
            [f"S{i}" for i in range(stores)],
            [f"P{i}" for i in range(products)],
            [date(2026, 1, 1) + timedelta(days=i) for i in range(periods)],
        ],
        names=["store_id", "product_id", "date"],
    )
    rank = rng.uniform(size=len(index))
    return pd.DataFrame(
        {"below": (rank < LOW) * 1, "above": (rank > HIGH) * 1, "level_low": LOW, "level_high": HIGH},
        index=index,
    ).reset_index()


def test_chance_alone_is_rarely_taken_for_an_anomaly() -> None:
    alarms = [len(demand_anomalies(outside(np.random.default_rng(seed)))) > 0 for seed in range(60)]
    # Four families (series and stores, above and below), each wrong at most once in twenty.
    assert np.mean(alarms) <= 4 * 0.05


def test_a_series_that_sells_more_is_found_with_the_binomials_probability() -> None:
    rows = outside(np.random.default_rng(1))
    planted = (rows.store_id == "S2") & (rows.product_id == "P7")
    rows.loc[planted, "above"] = [1] * 10 + [0] * 18
    found = demand_anomalies(rows).query("level == 'series' and side == 'above'")
    assert found[["store_id", "product_id", "periods", "outside"]].values.tolist() == [["S2", "P7", 28, 10]]
    by_hand = 120 * sum(stats.binom.pmf(k, 28, 0.05) for k in range(10, 29))
    assert found["p_value"].iloc[0] == pytest.approx(by_hand)
    assert found["expected"].iloc[0] == pytest.approx(1.4)


def test_nothing_is_said_of_nothing_and_of_little() -> None:
    rows = outside(np.random.default_rng(1), stores=2, products=1)
    none = pd.DataFrame(columns=list(rows.columns))
    assert demand_anomalies(none).empty and list(demand_anomalies(none).columns) == list(
        demand_anomalies(rows).columns
    )
    short = rows[(rows.store_id == "S0") | (rows.date < date(2026, 1, 4))]
    assert set(demand_anomalies(short.assign(above=1)).store_id) == {"S0"}


def test_a_store_is_judged_by_its_days_and_not_by_one_wild_day() -> None:
    wild_day = outside(np.random.default_rng(2))
    wild_day.loc[(wild_day.store_id == "S1") & (wild_day.date == date(2026, 1, 9)), "below"] = 1
    assert demand_anomalies(wild_day).query("level == 'store'").empty
    closing = outside(np.random.default_rng(2))
    chosen = (closing.store_id == "S1") & closing.product_id.isin(["P1", "P2", "P3", "P4", "P5"])
    closing.loc[chosen, "below"] |= (np.random.default_rng(3).uniform(size=chosen.sum()) < 0.3) * 1
    found = demand_anomalies(closing).query("level == 'store'")
    assert found[["store_id", "side"]].values.tolist() == [["S1", "below"]]


def test_few_periods_say_nothing_and_none_neither() -> None:
    rows = outside(np.random.default_rng(4), periods=6)
    rows["above"] = 1
    assert demand_anomalies(rows).empty
    assert demand_anomalies(rows.iloc[:0]).empty
