"""One row a series, however much of its past there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import tensorflow as tf

from components.example_generation.joining.future import Future
from components.example_generation.joining.planned import Plan
from components.example_generation.joining.stock import newest_stock
from components.windowing.following import lent_among
from contracts.models import DEMAND, REPLENISHMENT
from pipeline.orders.planning.scoring import actuals, score
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table
from tests.components.windowing.test_cutting import LENGTHS, OPTIONS, SPACE

LAST = FIRST_DATE + 39
NOTHING_KNOWN = Future(pa.table({"date": pa.array([], pa.int64()), "store_id": pa.array([], pa.string())}))
ENDED = [("s2", "p1"), ("s2", "p3")]
"""Series of LENGTHS whose last date lies more than a history before the last of all."""


MODELS: dict[str, Any] = {
    # What a window holds, so that windows that differ are answered differently.
    DEMAND: lambda features: {"quantiles": tf.cumsum(features["history_units"], axis=1)},
    REPLENISHMENT: lambda features: {
        "order_up_to_level": tf.reduce_sum(features["history_units"], 1, keepdims=True),
        "largest_order": tf.reduce_max(features["history_units"], 1, keepdims=True),
    },
}


def scored(rows: pa.Table) -> pa.Table:
    return score(rows, newest_stock(None, LAST), NOTHING_KNOWN, LAST, SPACE, OPTIONS, MODELS)


def test_rows_from_before_the_history_change_nothing_of_what_is_planned() -> None:
    frame = make_frame(LENGTHS)
    recent = frame[(frame.date > LAST - SPACE.history) | frame.product_id.eq("p3")]
    newest = recent.groupby(["store_id", "product_id"]).tail(1).set_index(["store_id", "product_id"])

    whole, short = scored(to_table(frame)), scored(to_table(recent))

    alive = pc.equal(whole["store_id"], "s1")
    assert whole.filter(alive).equals(short.filter(pc.equal(short["store_id"], "s1")))
    assert whole["history"].is_null().to_pylist() == [False, False, True, True]
    seen = frame[(frame.date > LAST - SPACE.history) & frame.store_id.eq("s1")]
    units = seen.groupby("product_id").units_sold
    assert whole.filter(alive)["history"].to_pylist() == units.count().tolist()
    assert whole.filter(alive)["model_level"].to_pylist() == units.sum().tolist()
    assert whole.filter(alive)["sold"].to_pylist() == units.sum().tolist()
    assert whole.filter(alive)["selling"].to_pylist() == units.agg(lambda units: (units > 0).sum()).tolist()
    assert whole.filter(alive)["lead_time"].to_pylist() == newest.lead_time.loc["s1"].tolist()


def test_what_is_lent_counts_as_a_series_own_and_is_told() -> None:
    frame = make_frame({("s1", "new"): (38, 2), ("s1", "old"): (0, 40)}, seed=2)
    rows = to_table(frame)
    follows = pa.table({"store_id": [""], "product_id": ["new"], "follows": ["old"]})
    lent = lent_among(lambda: [rows], follows, SPACE, OPTIONS)
    none, some = (
        score(rows, newest_stock(None, LAST), NOTHING_KNOWN, LAST, SPACE, OPTIONS, MODELS, who).to_pylist()
        for who in (None, lent)
    )
    assert none[1] == some[1] and none[1]["lent"] is None
    before = frame[
        (frame.product_id == "old") & (frame.date > LAST - SPACE.history) & (frame.date < LAST - 1)
    ]
    assert some[0]["history"] - none[0]["history"] == before.units_sold.count() > 0
    assert some[0]["sold"] - none[0]["sold"] == before.units_sold.sum()
    assert some[0]["lent"] == "with the history of old, which it follows, at a weight of 0.33"


def test_what_promotions_add_is_the_answer_with_less_the_answer_without_them() -> None:
    frame = make_frame({("s1", "p1"): (0, 40), ("s1", "p2"): (0, 40)}, seed=3)
    rows = to_table(frame)
    coming = {"date": LAST + 1 + np.arange(3), "store_id": ["s1"] * 3, "product_id": ["p1"] * 3}
    plan = Plan.of(pa.table(coming | {"on_promotion": [0, 1, 1]}))
    future = Future(NOTHING_KNOWN.external, plan)

    def demand(features: Any) -> dict[str, tf.Tensor]:
        # A promoted period sells as much more as its place in the horizon.
        place = tf.range(1.0, SPACE.horizon + 1.0)
        promotion = features["future_promotion"]
        more = tf.where(tf.math.is_nan(promotion), 0.0, promotion) * place
        middle = 10.0 + more
        levels = tf.tile([[0.25, 0.5, 0.75]], [len(middle), 1])
        return {"quantiles": middle[:, :, None] + tf.constant([-1.0, 0.0, 1.0]), "levels": levels}

    found = score(rows, newest_stock(None, LAST), future, LAST, SPACE, OPTIONS, MODELS | {DEMAND: demand})
    added = dict(zip(found["product_id"].to_pylist(), found["promotion_units"].to_pylist(), strict=True))
    nothing = [None] * SPACE.horizon
    assert added["p1"] == [None, pytest.approx(2.0), pytest.approx(3.0), *nothing[3:]]
    assert added["p2"] == nothing


def test_a_shard_without_a_living_series_has_its_rows_and_no_answers() -> None:
    frame = make_frame({series: LENGTHS[series] for series in ENDED})
    found = scored(to_table(frame))
    assert list(zip(found["store_id"].to_pylist(), found["product_id"].to_pylist(), strict=True)) == ENDED
    for name in ("history", "sold", "selling", "stretch", "mean", "base_stock_level", "model_level"):
        assert found[name].null_count == len(ENDED)
    np.testing.assert_array_equal(
        found["last_known"], frame[frame.units_sold.notna()].groupby(["store_id", "product_id"]).date.max()
    )


def test_what_was_sold_since_the_stock_was_told() -> None:
    frame = make_frame(LENGTHS)
    stock_dates = {("s1", "p1"): LAST - 3, ("s1", "p2"): LAST, ("s2", "p1"): FIRST_DATE - 5}
    stock = pa.table(
        {
            "store_id": [store for store, _ in stock_dates],
            "product_id": [product for _, product in stock_dates],
            "on_hand": pa.array([7.0, None, 2.0]),
            "stock_date": pa.array(list(stock_dates.values()), pa.int64()),
            "on_order": pa.array([1.0, 2.0, None]),
            "order_date": pa.array([LAST - 3, LAST, None], pa.int64()),
        }
    )
    found = score(to_table(frame), stock, NOTHING_KNOWN, LAST, SPACE, OPTIONS, MODELS).to_pandas()
    assert len(found) == len(LENGTHS)
    for row in found.itertuples():
        series = frame[(frame.store_id == row.store_id) & (frame.product_id == row.product_id)]
        since = stock_dates.get((row.store_id, row.product_id), LAST + 1)
        assert row.sold_since == series.units_sold[series.date > since].sum()
    assert found.on_hand.dropna().tolist() == [7.0, 2.0]


def test_closed_days_are_known_days_without_a_sale() -> None:
    frame = make_frame(LENGTHS)
    closed = frame.date.isin([LAST, LAST - 3, LAST - 4]) & frame.store_id.eq("s1")
    frame = frame.assign(
        units_sold=frame.units_sold.mask(closed),
        open=1 - closed.astype(int),
        open_planned=np.nan,
        closed_weekdays=1,
    )
    found = scored(to_table(frame)).to_pandas().set_index(["store_id", "product_id"]).loc["s1"]
    seen = frame[(frame.date > LAST - SPACE.history) & frame.store_id.eq("s1")]
    told = seen[seen.units_sold.notna() | seen.open.eq(0)].groupby("product_id")
    assert found.history.tolist() == told.size().tolist()
    assert found.last_known.tolist() == told.date.max().tolist()
    assert found.sold.tolist() == told.units_sold.sum().tolist()
    # LAST is a Friday, so that of the next days the Monday is closed.
    for row in found.itertuples():
        interval = min(int(row.lead_time) + OPTIONS.review_period, SPACE.horizon)
        assert row.open_share == pytest.approx(1 - (interval >= 3) / interval)


def test_the_store_is_told_of_closed_days() -> None:
    frame = make_frame(LENGTHS).assign(open_planned=np.nan, closed_weekdays=0)
    assert actuals(to_table(frame), 0)["open"].to_pylist() == [True] * len(frame)
    shut = frame.date % 3 == 0
    said = actuals(to_table(frame.assign(open=np.where(shut, 0, 1))), FIRST_DATE)
    assert said["open"].to_pylist() == (~shut[frame.date > FIRST_DATE]).tolist()
    # Rows of before there were such columns say nothing of it.
    unsaid = actuals(to_table(frame.assign(open=np.nan)), 0)
    assert unsaid["open"].to_pylist() == [True] * len(frame)
