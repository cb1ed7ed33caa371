from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from components.windowing.cutting import Shard
from components.windowing.long_history import LongHistory
from components.windowing.options import WindowOptions
from contracts.arrays import Arrays
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table
from transforms.features import FeatureSpace
from transforms.long_history import YEARS, spans

LENGTHS = {("a", "1"): (0, 900), ("a", "2"): (300, 420), ("b", "1"): (500, 90)}


def _mean(series: pd.Series, begin: int, end: int, fewest: int = 1) -> float:
    """Of the dates from begin to end, both included, on which the product was known to be in stock throughout."""
    found = series[(series.index.to_numpy() >= begin) & (series.index.to_numpy() <= end)].dropna()
    return float(found.mean()) if len(found) >= fewest else np.nan


def _expected(known: pd.Series, origin: int, space: FeatureSpace) -> Arrays:
    lengths, days = spans(space.period_days), space.period_days

    def mean(back: int, forward: int, fewest: int = 1) -> float:
        return _mean(known, origin + back * days, origin + forward * days, fewest)

    found = {"long_levels": np.array([mean(1 - length, 0) for length in lengths.levels])}
    for name, years in YEARS.items():
        then, around, steps = years * lengths.year, lengths.around, range(1, space.horizon + 1)
        level = mean(1 - then - lengths.year_level, -then, lengths.fewest)
        found[f"{name}_level"] = np.array([level])
        found[name] = np.array([mean(h - then, h - then) for h in steps])
        found[f"{name}_smoothed"] = np.array([mean(h - then - around, h - then + around) for h in steps])
    return found


@pytest.mark.parametrize("period_days", [1, 7])
def test_it_is_what_pandas_finds(period_days: int) -> None:
    frame = make_frame(LENGTHS, seed=3, period_days=period_days)
    space = FeatureSpace(history=28, horizon=9, period_days=period_days)
    history = LongHistory(to_table(frame), space)
    keys = list(LENGTHS)
    series = frame[["store_id", "product_id"]].drop_duplicates().reset_index(drop=True)
    assert list(series.itertuples(index=False, name=None)) == keys
    rng = np.random.default_rng(0)
    for number, key in enumerate(keys):
        own = frame[(frame["store_id"] == key[0]) & (frame["product_id"] == key[1])].set_index("date")
        known = own["units_sold"].where(own["in_stock"] >= 1)
        for periods in [0, LENGTHS[key][1] - 1, *rng.integers(0, LENGTHS[key][1], 12)]:
            origin = FIRST_DATE + (LENGTHS[key][0] + int(periods)) * period_days
            found = history.features(np.array([number]), np.array([origin]))
            until = known[known.index.to_numpy() <= origin]
            expected = _expected(until, origin, space)
            for name, values in expected.items():
                np.testing.assert_allclose(
                    found[name][0], values, rtol=1e-5, err_msg=f"{name} {key} {periods}"
                )


def test_a_series_that_is_not_there_has_none() -> None:
    frame = make_frame(LENGTHS)
    history = LongHistory(to_table(frame[frame["store_id"] == "a"]), FeatureSpace(history=28, horizon=9))
    index = history.index_of(to_table(frame.drop_duplicates(["store_id", "product_id"])))
    assert index.tolist() == [0, 1, -1]
    found = history.features(index, np.full(3, FIRST_DATE + 560))
    assert np.isfinite(found["long_levels"][:2]).all() and np.isnan(found["long_levels"][2]).all()


def test_a_series_that_has_ended_does_not_read_the_next_one() -> None:
    frame = make_frame(LENGTHS)
    history = LongHistory(to_table(frame), FeatureSpace(history=28, horizon=9))
    long_after = FIRST_DATE + 900 + 2000
    for values in history.features(np.array([1]), np.array([long_after])).values():
        assert np.isnan(values).all()


def test_windows_of_a_short_table_know_what_older_rows_say() -> None:
    frame = make_frame(LENGTHS)
    space = FeatureSpace(history=28, horizon=9, numeric_external=("temperature",))
    options = WindowOptions(history=28, horizon=9, minimum_history=1)
    origins = np.array([FIRST_DATE + 719])
    newest = to_table(frame[frame["date"] > origins[0] - 28])
    whole, short, bare = (
        next(Shard(table, space, options, older=older).inputs(origins))
        for table, older in ((to_table(frame), None), (newest, to_table(frame)), (newest, None))
    )
    for name in YEARS:
        np.testing.assert_array_equal(whole[name], short[name])
        assert np.isnan(bare[name]).all()
    assert np.isfinite(whole["year_ago"]).any()
