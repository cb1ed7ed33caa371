"""Windows of suppliers with order days: where orders are placed, and for how long they last."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.windowing.cutting import Shard
from components.windowing.splits import decision_origins
from contracts.dates import weekday
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table
from tests.components.windowing.test_cutting import OPTIONS, SPACE, collect

LAST = FIRST_DATE + 39
TAKEN = {"p1": 0b0001001, "p2": 0}


def test_orders_are_placed_on_order_days_and_last_until_the_next_one() -> None:
    frame = make_frame({("s1", "p1"): (0, 40), ("s1", "p2"): (0, 40)})
    frame["order_weekdays"] = frame.product_id.map(TAKEN)
    options = OPTIONS.model_copy(update={"test_periods": 20})
    shard = Shard(to_table(frame), SPACE, options)
    origins = decision_origins(LAST, options, 1, TAKEN["p1"])
    found = collect(shard.reviews(origins))
    names = [product.decode() for product in found["product_id"][:, 0]]
    dates = pd.DataFrame({"p": names, "o": found["origin"][:, 0], "r": found["review_period"][:, 0]})
    regular = list(range(LAST - 20, LAST, 2))
    assert dates.o[dates.p == "p2"].tolist() == regular and (dates.r[dates.p == "p2"] == 2).all()
    own = [day for day in range(LAST - 20, LAST) if weekday(day) in (0, 3)]
    mine = dates[dates.p == "p1"]
    assert mine.o.tolist() == sorted({LAST - 20, *own})
    for origin, review in zip(mine.o, mine.r, strict=True):
        later = next(day for day in range(origin + 1, origin + 8) if weekday(day) in (0, 3))
        assert review == later - origin
    # The classical level is that of the cycle: where it is not the review period, another.
    whole = Shard(to_table(frame.drop(columns="order_weekdays")), SPACE, options)
    plain = collect(whole.decision_points(origins))
    keys = ("product_id", "origin", "base_stock_level")
    level = {(p, o): value for p, o, value in zip(*(plain[key][:, 0] for key in keys), strict=True)}
    same = [level[p, o] == value for p, o, value in zip(*(found[key][:, 0] for key in keys), strict=True)]
    assert same == (dates.r == 2).tolist()


def test_training_windows_go_on_lasting_a_review_period() -> None:
    frame = make_frame({("s1", "p1"): (0, 40)}).assign(order_weekdays=1)
    shard = Shard(to_table(frame), SPACE, OPTIONS)
    assert set(collect(shard.labelled(np.arange(FIRST_DATE, LAST, 3)))["review_period"].ravel()) == {2}
    assert len(set(collect(shard.inputs(np.arange(FIRST_DATE, LAST)))["review_period"].ravel())) == 7
