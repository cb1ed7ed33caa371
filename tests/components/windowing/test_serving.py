"""Windows at the last date: the known future where the files give it, nothing where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from components.example_generation.joining.future import Future
from components.example_generation.joining.planned import Plan
from components.example_generation.options import DataOptions
from components.windowing.cutting import Shard
from components.windowing.serving import with_known_future
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table, with_closed_days
from tests.components.windowing.test_cutting import LENGTHS, OPTIONS, SPACE, collect

LAST = FIRST_DATE + 39
PLANNED = ["unit_price", "discount", "on_promotion"]
NOTHING = Future(pa.table({"date": pa.array([], pa.int64()), "store_id": pa.array([], pa.string())}))


def calendar() -> pa.Table:
    """Store s1 for three of the five days ahead."""
    return pa.table(
        {
            "date": pa.array([LAST + 1, LAST + 2, LAST + 3]),
            "store_id": ["s1", "s1", "s1"],
            "holiday": pa.array([0.0, 1.0, 0.0], pa.float32()),
            "event": ["", "", "market"],
        }
    )


def plan(rows: list[tuple[int, str, str, float | None, float | None, int | None]]) -> Plan:
    """Date, store, product, price, discount, promotion."""
    columns = list(zip(*rows, strict=True))
    kinds = (pa.int64(), pa.string(), pa.string(), pa.float32(), pa.float32(), pa.int64())
    names = ["date", "store_id", "product_id", *PLANNED]
    return Plan.of(pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)}))


def test_the_last_origin_sees_the_history_and_the_known_future() -> None:
    frame = make_frame(LENGTHS)
    rows, origin = with_known_future(to_table(frame), replace(NOTHING, external=calendar()), SPACE)

    windows = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    assert origin == LAST
    # Of the four series, two ended more than a history before the last date.
    assert windows["product_id"].tolist() == [[b"p1"], [b"p2"]]
    np.testing.assert_array_equal(windows["future_external_holiday"][0], [0, 1, 0, np.nan, np.nan])
    assert windows["future_external_event"][0].tolist() == [b"", b"", b"market", b"", b""]
    for name in ("price", "discount", "promotion"):
        assert np.isnan(windows[f"future_{name}"]).all(), name
    series = frame[(frame.store_id == "s1") & (frame.product_id == "p1")].tail(SPACE.history)
    np.testing.assert_allclose(windows["history_units"][0], series.units_sold.fillna(0))
    np.testing.assert_allclose(windows["history_price"][0], series.unit_price, rtol=1e-6)


def test_what_is_planned_is_seen_as_far_as_the_plan_reaches() -> None:
    """A store's row before that of all stores, value by value; what is not named has no promotion and no discount."""
    planned = plan(
        [
            (LAST + 1, "", "p1", 5.0, 0.8, 1),
            (LAST + 1, "s1", "p1", None, 0.5, None),
            (LAST + 3, "s1", "p2", 7.0, None, 1),
            (LAST + 4, "s9", "p9", None, 0.9, None),
        ]
    ).ahead(LAST, LAST, DataOptions())
    rows, origin = with_known_future(to_table(make_frame(LENGTHS)), replace(NOTHING, plan=planned), SPACE)

    windows = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    nan = np.nan
    assert windows["product_id"].tolist() == [[b"p1"], [b"p2"]]
    np.testing.assert_array_equal(
        windows["future_price"], np.array([[5, nan, nan, nan, nan], [nan, nan, 7, nan, nan]], np.float32)
    )
    np.testing.assert_array_equal(
        windows["future_discount"], np.array([[0.5, 1, 1, 1, nan], [1, 1, 1, 1, nan]], np.float32)
    )
    np.testing.assert_array_equal(
        windows["future_promotion"], np.array([[1, 0, 0, nan, nan], [0, 0, 1, nan, nan]], np.float32)
    )


def test_settings_say_how_far_a_plan_goes_where_its_rows_do_not() -> None:
    options = DataOptions(known_ahead={"on_promotion": 4, "discount": "all"})
    planned = plan([(LAST + 1, "", "p1", 5.0, 0.8, 1)]).ahead(LAST, LAST, options)
    rows, origin = with_known_future(to_table(make_frame(LENGTHS)), replace(NOTHING, plan=planned), SPACE)
    windows = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))
    assert windows["future_promotion"][0].tolist()[:4] == [1, 0, 0, 0]
    assert np.isnan(windows["future_promotion"][0, 4])
    np.testing.assert_array_equal(windows["future_discount"][0], np.array([0.8, 1, 1, 1, 1], np.float32))


def test_beyond_what_is_known_ahead_nothing_is_seen_though_the_files_have_it() -> None:
    space = replace(SPACE, known_ahead=(("holiday", 2), ("event", 1), ("unit_price", 3)))
    frame = make_frame(LENGTHS)
    windows = collect(Shard(to_table(frame), space, OPTIONS).inputs(np.array([FIRST_DATE + 25])))
    assert not {"future_discount", "future_promotion"} & set(windows)
    assert np.isnan(windows["future_external_holiday"][:, 2:]).all()
    assert (windows["future_external_event"][:, 1:] == b"").all()
    assert np.isnan(windows["future_price"][:, 3:]).all()
    assert np.isfinite(windows["future_price"][:, :3]).any()


def test_it_is_the_window_that_a_longer_file_gives() -> None:
    """The same origin cut from data that go on, with the plan of then: every feature, bit for bit."""
    frame = make_frame(LENGTHS)
    outside = ["holiday", "event"]
    frame[outside] = frame.groupby(["store_id", "date"])[outside].transform("first")
    cut = FIRST_DATE + 25
    until, later = frame[frame.date <= cut], frame[frame.date > cut]
    known = later.drop_duplicates(["store_id", "date"])
    external = to_table(known).select(["date", "store_id", "holiday", "event"])
    names = ["date", "store_id", "product_id", *PLANNED]
    planned = Plan.of(to_table(later).select(names)).ahead(cut, cut, DataOptions())
    longer = collect(Shard(to_table(frame), SPACE, OPTIONS).inputs(np.array([cut])))

    rows, origin = with_known_future(to_table(until), Future(external, planned), SPACE)
    served = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    assert origin == cut
    keys = ["store_id", "product_id"]
    here, there = (pd.DataFrame({key: w[key][:, 0] for key in keys}) for w in (longer, served))
    index = here.merge(there.reset_index(), on=keys, how="left")["index"]
    assert len(here) > 1 and index.notna().all()
    for name, values in longer.items():
        np.testing.assert_array_equal(values, served[name][index.astype(int)], err_msg=name)


def test_what_was_planned_goes_before_what_happened() -> None:
    """In training too: a plan that was not kept was all that was known."""
    frame = make_frame(LENGTHS)
    table = to_table(frame)
    covered = frame.date.to_numpy() >= FIRST_DATE + 20
    table = table.append_column("planned", pa.array(np.ones(len(frame), np.int64), mask=~covered))
    table = table.append_column("planned_price", pa.array(np.full(len(frame), 3.5, np.float32)))
    table = table.append_column("planned_promotion", pa.array(np.ones(len(frame), np.int64)))
    windows = collect(Shard(table, SPACE, OPTIONS).inputs(np.array([FIRST_DATE + 17])))
    happened = collect(Shard(to_table(frame), SPACE, OPTIONS).inputs(np.array([FIRST_DATE + 17])))
    np.testing.assert_array_equal(windows["future_price"][:, :2], happened["future_price"][:, :2])
    assert (windows["future_price"][:, 2:] == 3.5).all()
    assert (windows["future_promotion"][:, 2:] == 1).all()
    assert np.isnan(windows["future_discount"][:, 2:]).all()  # the plan has no such column
    np.testing.assert_array_equal(windows["history_price"], happened["history_price"])


def test_the_calendar_ahead_is_that_of_a_longer_file() -> None:
    frame = with_closed_days(make_frame(LENGTHS))
    said = ["open", "open_planned", "closed_weekdays"]
    frame[said] = frame.groupby(["store_id", "date"])[said].transform("first")
    cut = FIRST_DATE + 25
    until, known = frame[frame.date <= cut], frame[frame.date > cut].drop_duplicates(["store_id", "date"])
    longer = collect(Shard(to_table(frame), SPACE, OPTIONS).inputs(np.array([cut])))
    plan = to_table(known).select(["date", "store_id", "open_planned"])

    rows, origin = with_known_future(to_table(until), Future(plan), SPACE)
    served = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    assert set(served["future_open"].ravel().tolist()) == {0.0, 1.0}
    here = [row for row, product in enumerate(served["store_id"][:, 0]) if product == b"s1"]
    np.testing.assert_array_equal(served["future_open"][here], longer["future_open"])
