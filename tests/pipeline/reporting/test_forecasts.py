"""Which series are shown, against a loop over all of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from components.policy_comparison.forecasts import quantile_column, quantile_columns
from pipeline.reporting.forecasts import chosen_series

HORIZON, PERIOD = 4, 7
FIRST = date(2025, 3, 3)


def table(series: int, origins: tuple[int, ...] = (0, 2, 4), seed: int = 0) -> pd.DataFrame:
    """Weekly windows; origins are in periods after the first, so that neighbours overlap."""
    random = np.random.default_rng(seed)
    records = []
    for number in range(series):
        for origin in origins:
            for step in range(1, HORIZON + 1):
                middle = random.uniform(1, 5)
                records.append(
                    {
                        "store_id": f"S{number % 2}",
                        "product_id": f"P{number // 2}",
                        "origin": FIRST + timedelta(days=PERIOD * origin),
                        "step": step,
                        "date": FIRST + timedelta(days=PERIOD * (origin + step)),
                        "units": float(random.integers(0, 9)),
                        "observed": int(random.random() < 0.8),
                        "promoted": bool(random.random() < 0.3),
                        "q0.1": middle / 2,
                        "q0.5": middle,
                        "q0.9": middle * 2,
                    }
                )
    # The order of the rows must not matter.
    return pd.DataFrame(records).sample(frac=1, random_state=seed)


def wape_by_hand(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    errors: dict[tuple[str, str], list[float]] = {}
    for row in frame.to_dict("records"):
        if row["observed"]:
            sums = errors.setdefault((row["store_id"], row["product_id"]), [0.0, 0.0])
            sums[0] += abs(row["units"] - row["q0.5"])
            sums[1] += row["units"]
    return {key: error / units for key, (error, units) in errors.items() if units}


@pytest.mark.parametrize("seed", range(5))
def test_the_best_the_middle_and_the_worst_series_are_chosen(seed: int) -> None:
    frame = table(7, seed=seed)
    expected = sorted(wape_by_hand(frame).items(), key=lambda found: found[1])
    found = chosen_series(frame)
    assert [series.rank for series in found] == ["best", "median", "worst"]
    for series, ((store, product), wape) in zip(
        found, (expected[0], expected[(len(expected) - 1) // 2], expected[-1]), strict=True
    ):
        assert (series.store, series.product) == (store, product)
        assert series.wape == pytest.approx(wape)


def test_windows_follow_each_other_without_overlap_up_to_the_newest() -> None:
    frame = table(1)
    (series,) = chosen_series(frame)
    assert series.origins == tuple(FIRST + timedelta(days=PERIOD * origin) for origin in (0, 4))
    expected = frame[frame["origin"].isin(series.origins)].sort_values("date")
    assert list(series.dates) == list(expected["date"]) and len(set(series.dates)) == 2 * HORIZON
    assert list(series.units) == list(expected["units"])
    assert list(series.observed) == list(expected["observed"] > 0)
    assert list(series.quantiles) == [0.1, 0.5, 0.9]
    assert list(series.quantiles[0.9]) == list(expected["q0.9"])
    assert list(series.promoted) == list(expected["promoted"]) and len(set(series.promoted)) == 2
    for unknown in (frame.drop(columns="promoted"), frame.assign(promoted=None)):
        assert not any(chosen_series(unknown)[0].promoted)


@pytest.mark.parametrize(
    ("count", "ranks"), [(1, ["best"]), (2, ["best", "worst"]), (3, ["best", "median", "worst"])]
)
def test_few_series_are_shown_once_each(count: int, ranks: list[str]) -> None:
    found = chosen_series(table(count).assign(observed=1, units=3.0))
    assert [series.rank for series in found] == ranks
    assert len({(series.store, series.product) for series in found}) == count


def test_a_series_without_observed_demand_is_not_shown() -> None:
    frame = table(3)
    silent = (frame["store_id"] == "S1") & (frame["product_id"] == "P0")
    found = chosen_series(frame.assign(units=frame["units"].mask(silent, 0.0)))
    assert ("S1", "P0") not in {(series.store, series.product) for series in found}
    assert chosen_series(frame.assign(observed=0)) == ()
    assert chosen_series(frame.iloc[:0]) == ()


def test_a_column_that_begins_like_a_quantile_is_none() -> None:
    names = ["q0.05", "q0.5", "quantity", "q", "q2", "qnan", "q-0.1", "q0.50", "q1e-05", "queue", "Q0.9"]
    assert quantile_columns(names) == {0.05: "q0.05", 0.5: "q0.5", 1e-05: "q1e-05"}
    close = (0.12345678, 0.12345679)
    assert quantile_columns(map(quantile_column, close)) == {level: f"q{level}" for level in close}
