"""What forecasters are given: nothing of what came, and what is known ahead as it was planned."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.arena.tasks import Asked, Known, Source, task
from benchmarks.peers.arena import plain
from benchmarks.peers.arena.task import Task

DAYS = pd.date_range("2024-01-01", periods=40)
ORIGIN = DAYS[27]
KNOWN = Known(sales=("discount",), external=("snap",), events=("event",))


@pytest.fixture
def source() -> Source:
    rows = [
        {
            "store_id": "S",
            "product_id": p,
            "date": day,
            "units_sold": float(i + 1),
            "discount": 1.0,
            "in_stock": 1.0,
        }
        for p in ("a", "late", "new")
        for i, day in enumerate(DAYS)
        if p == "a" or i >= {"late": 20, "new": 30}[p]
    ]
    sales = pd.DataFrame(rows)
    sales = sales[~((sales["product_id"] == "a") & (sales["date"] == DAYS[5]))]
    planned = pd.DataFrame({"date": DAYS, "product_id": "a", "discount": 0.7})
    events = ["Easter" if day == DAYS[30] else "" for day in DAYS]
    external = pd.DataFrame({"date": DAYS, "store_id": "S", "event": events, "snap": 0.5})
    products = pd.DataFrame({"product_id": ["a", "late"], "category": [3, 4]})
    return Source(sales, products, external, planned)


def _task(source: Source) -> tuple[Task, pd.DataFrame]:
    return task(source, ORIGIN, Asked("D", 7, 7, (0, 3)), KNOWN)


def test_a_series_begins_with_its_first_sale_and_has_no_gaps(source: Source) -> None:
    made, came = _task(source)

    assert made.history.groupby("unique_id").size().to_dict() == {"S\ta": 28, "S\tlate": 8}
    gap = made.history[(made.history["unique_id"] == "S\ta") & (made.history["ds"] == DAYS[5])]
    assert gap["y"].tolist() == [0.0]
    assert gap["stocked"].tolist() == [1.0]
    assert made.history["ds"].max() == ORIGIN
    assert sorted(came["date"].unique()) == [*DAYS[28:35]]


def test_what_is_known_ahead_is_what_was_planned(source: Source) -> None:
    made, _ = _task(source)

    ahead = made.ahead.set_index(["unique_id", "ds"])
    assert "y" not in ahead
    assert made.ahead.loc[made.ahead["unique_id"] == "S\ta", "discount"].unique().tolist() == [0.7]
    assert made.history.loc[made.history["unique_id"] == "S\ta", "discount"].dropna().unique().tolist() == [
        1.0
    ]
    assert ahead.loc[("S\ta", DAYS[30]), "event"] == "Easter"
    assert ahead.loc[("S\ta", DAYS[29]), "event+1"] == "Easter"
    assert ahead.loc[("S\ta", DAYS[32]), "event-2"] == "Easter"


def test_what_comes_after_the_origin_changes_nothing_that_is_given(source: Source) -> None:
    made, _ = _task(source)
    source.sales.loc[source.sales["date"] > ORIGIN, ["units_sold", "discount"]] = 1e6
    again, came = _task(source)

    pd.testing.assert_frame_equal(made.history, again.history)
    a = again.ahead["unique_id"] == "S\ta"
    pd.testing.assert_frame_equal(made.ahead[a], again.ahead[a])
    assert (came["units"] == 1e6).all()


def test_a_review_sees_what_came_before_it_and_no_more(source: Source) -> None:
    made, _ = _task(source)

    second = made.at(1)

    assert second.history["ds"].max() == DAYS[30]
    assert sorted(second.ahead["ds"].unique()) == [*DAYS[31:35]]
    pd.testing.assert_frame_equal(second.ahead, made.ahead_of(1))
    assert sorted(made.came_before(1)["ds"].unique()) == [*DAYS[28:31]]
    before = made.before()
    assert before.history["ds"].max() == DAYS[20]
    assert sorted(before.ahead["ds"].unique()) == [*DAYS[21:28]]


def test_seasonal_naive_repeats_the_last_week(source: Source) -> None:
    made, _ = _task(source)

    naive = plain.seasonal_naive(made).set_index(["unique_id", "ds"])["demand"]
    mean = plain.seasonal_mean(made).set_index(["unique_id", "ds"])["demand"]

    assert naive["S\ta"].tolist() == [22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0]
    # Of four same weekdays, one of which lacks: the 6th day's sale is a gap, and so 0.
    assert mean["S\ta"].tolist() == [11.5, 12.5, 13.5, 14.5, 15.5, (0 + 13 + 20 + 27) / 4, 17.5]
    assert plain.recent_mean(made)["demand"].unique().tolist() == [25.0]
