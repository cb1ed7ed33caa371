"""Windows at the last date: the known future where the files give it, nothing where they do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.windowing.cutting import Shard
from components.windowing.serving import with_known_future
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table
from tests.components.windowing.test_cutting import LENGTHS, OPTIONS, SPACE, collect

LAST = FIRST_DATE + 39


def future() -> pa.Table:
    """Store s1 for three of the five days ahead."""
    return pa.table(
        {
            "date": pa.array([LAST + 1, LAST + 2, LAST + 3]),
            "store_id": ["s1", "s1", "s1"],
            "holiday": pa.array([0.0, 1.0, 0.0], pa.float32()),
            "event": ["", "", "market"],
        }
    )


def test_the_last_origin_sees_the_history_and_the_known_future() -> None:
    frame = make_frame(LENGTHS)
    rows, origin = with_known_future(to_table(frame), future(), SPACE)

    windows = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    assert origin == LAST
    # Of the four series, two ended more than a history before the last date.
    assert windows["product_id"].tolist() == [[b"p1"], [b"p2"]]
    np.testing.assert_array_equal(windows["future_external_holiday"][0], [0, 1, 0, np.nan, np.nan])
    assert windows["future_external_event"][0].tolist() == [b"", b"", b"market", b"", b""]
    assert np.isnan(windows["future_price"]).all()
    series = frame[(frame.store_id == "s1") & (frame.product_id == "p1")].tail(SPACE.history)
    np.testing.assert_allclose(windows["history_units"][0], series.units_sold.fillna(0))
    np.testing.assert_allclose(windows["history_price"][0], series.unit_price, rtol=1e-6)


def test_it_is_the_window_that_a_longer_file_would_give() -> None:
    """The same origin cut from data that goes on: equal in all that is known at the origin."""
    frame = make_frame(LENGTHS)
    cut = FIRST_DATE + 25
    until = frame[frame.date <= cut]
    known = frame[frame.date > cut].drop_duplicates(["store_id", "date"])
    plan = to_table(known).select(["date", "store_id", "holiday", "event"])
    longer = collect(Shard(to_table(frame), SPACE, OPTIONS).inputs(np.array([cut])))

    rows, origin = with_known_future(to_table(until), plan, SPACE)
    served = collect(Shard(rows, SPACE, OPTIONS).inputs(np.array([origin])))

    assert origin == cut
    for name in served:
        if name.startswith("history_"):
            for window, product in enumerate(served["product_id"][:, 0]):
                same = longer["product_id"][:, 0] == product
                same &= longer["store_id"][:, 0] == served["store_id"][window, 0]
                if same.any():
                    np.testing.assert_array_equal(served[name][window], longer[name][same][0], err_msg=name)
