"""The test period against the same look-ups in pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from components.policy_comparison.closed_loop import schedule_of, start_of
from components.policy_comparison.held_out import estimated_demand, lay_out
from components.policy_comparison.reviews import join_reviews
from inventory.policies import LOOK_BACK

CUTOFF, PERIODS, REVIEW = 1000, 6, 2


def frame() -> pd.DataFrame:
    """Three series; the second begins too late, the third ends too early."""
    rng = np.random.default_rng(2)
    parts = []
    for product, first, last in (
        ("a", CUTOFF + 1 - LOOK_BACK * REVIEW, CUTOFF + 6),
        ("b", CUTOFF + 2, CUTOFF + 6),
        ("c", CUTOFF + 1 - LOOK_BACK * REVIEW, CUTOFF + 4),
    ):
        dates = np.arange(first, last + 1)
        parts.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "store_id": "S",
                    "product_id": product,
                    "category": "x",
                    "units_sold": rng.poisson(5, len(dates)).astype(float),
                    "in_stock": 1.0,
                    "on_hand": rng.integers(0, 9, len(dates)).astype(float),
                    "on_order": 3.0,
                    "lead_time": 3,
                    "pack_size": 2.0,
                    "minimum_order_quantity": 0.0,
                    "maximum_order_quantity": np.nan,
                    "holding_cost": 1.0,
                    "shortage_cost": 9.0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_series_that_spans_the_period_is_laid_out_and_the_others_are_left_out() -> None:
    rows = frame()
    held = lay_out(pa.Table.from_pandas(rows), CUTOFF, PERIODS, REVIEW, 1)
    mine = rows[rows.product_id == "a"].set_index("date")
    assert held.product_id.tolist() == ["a"]
    assert held.demand[0].tolist() == mine.loc[CUTOFF + 1 :].units_sold.tolist()
    assert held.before[0].tolist() == mine.loc[:CUTOFF].units_sold.tolist()
    assert held.on_hand[0] == mine.loc[CUTOFF].on_hand
    assert np.isnan(held.unit_cost[0]) and np.isnan(held.maximum[0])
    assert not held.estimated.any()


def test_weeks_are_laid_out_as_days_are() -> None:
    rows = frame()
    weekly = rows.assign(date=CUTOFF + (rows.date - CUTOFF) * 7)
    days = lay_out(pa.Table.from_pandas(rows), CUTOFF, PERIODS, REVIEW, 1)
    weeks = lay_out(pa.Table.from_pandas(weekly), CUTOFF, PERIODS, REVIEW, 7)
    assert np.array_equal(days.demand, weeks.demand)


def test_demand_behind_a_stock_out_is_estimated_from_the_series_own_sales() -> None:
    units = np.array([[4.0, 2.0, 0.0, np.nan, 6.0, 1.0]])
    in_stock = np.array([[1.0, 0.5, 0.0, 1.0, 1.0, 0.1]])
    demand, estimated = estimated_demand(units, in_stock, np.ones(units.shape, dtype=bool))
    mean = (4 + 4 + 6 + 3) / 4
    assert demand.tolist() == [[4, 4, mean, mean, 6, 3]]
    assert estimated.tolist() == [[False, True, True, True, False, True]]


def test_nobody_wants_anything_of_a_closed_store() -> None:
    rows = frame()
    shut = rows.date == CUTOFF + 3
    rows = rows.assign(units_sold=rows.units_sold.mask(shut), open=1 - shut.astype(int))
    held = lay_out(pa.Table.from_pandas(rows), CUTOFF, PERIODS, REVIEW, 1)
    assert held.demand[0, 2] == 0 and (np.delete(held.demand[0], 2) > 0).any()
    assert not held.estimated.any()


def test_every_policy_starts_from_the_recorded_stock_or_the_classical_level() -> None:
    held = lay_out(pa.Table.from_pandas(frame()), CUTOFF, PERIODS, REVIEW, 1)
    start = start_of(held, np.array([40.0]), REVIEW)
    assert start.on_hand.tolist() == held.on_hand.tolist()
    # Ordered at the review two periods before, with a lead time of three: there at the start of period 1.
    assert start.on_order.tolist() == [[0.0, 3.0]]
    unknown = lay_out(
        pa.Table.from_pandas(frame().drop(columns=["on_hand", "on_order"])), CUTOFF, PERIODS, REVIEW, 1
    )
    assert start_of(unknown, np.array([40.0]), REVIEW).on_hand.tolist() == [40.0]
    assert start_of(unknown, np.array([40.0]), REVIEW).on_order.sum() == 0


def test_levels_go_to_their_series_and_review_in_whatever_order_they_come() -> None:
    rows = pd.concat([frame(), frame().assign(store_id="R")], ignore_index=True)
    origins = [CUTOFF, CUTOFF + 2, CUTOFF + 4]
    windows = pd.DataFrame(
        [(s, p, o) for o in origins for p in ("c", "a") for s in ("S", "R")], columns=["s", "p", "o"]
    )
    windows = windows.sample(frac=1, random_state=0)
    level = windows.o * 10.0 + (windows.s == "R") + 2 * (windows.p == "a")
    reviews = {
        "store_id": windows.s.to_numpy(object)[:, None],
        "product_id": windows.p.to_numpy(object)[:, None],
        "origin": windows.o.to_numpy()[:, None],
        "base_stock": level.to_numpy()[:, None],
    }
    held, levels = join_reviews(pa.Table.from_pandas(rows), reviews, ["base_stock"], REVIEW, 1)
    assert list(zip(held.store_id, held.product_id, strict=True)) == [("R", "a"), ("S", "a")]
    assert levels["base_stock"].tolist() == [
        [o * 10.0 + 1 + 2 for o in origins],
        [o * 10.0 + 2 for o in origins],
    ]


def test_a_series_with_order_days_need_have_no_window_at_others_reviews() -> None:
    """CUTOFF + 1 is an order day of R, CUTOFF + 2 and CUTOFF + 4 are reviews of S, which any day will do for."""
    day = 1 << int((CUTOFF + 1 + 3) % 7)
    rows = pd.concat(
        [frame().assign(order_weekdays=0), frame().assign(store_id="R", order_weekdays=day)],
        ignore_index=True,
    )
    asked = [("S", CUTOFF), ("S", CUTOFF + 2), ("S", CUTOFF + 4), ("R", CUTOFF), ("R", CUTOFF + 1)]
    reviews = {
        "store_id": np.array([[store] for store, _ in asked], object),
        "product_id": np.array([["a"]] * 5, object),
        "origin": np.array([[origin] for _, origin in asked]),
        "base_stock": np.array([[10.0], [20.0], [30.0], [40.0], [50.0]]),
    }
    held, levels = join_reviews(pa.Table.from_pandas(rows), reviews, ["base_stock"], REVIEW, 1)
    assert held.store_id.tolist() == ["R", "S"] and held.reviews == (-1, 0, 1, 3)
    assert levels["base_stock"].tolist() == [[40.0, 50.0, 50.0, 50.0], [10.0, 10.0, 20.0, 30.0]]
    schedule = schedule_of(held, REVIEW)
    assert schedule.periods == [-1, 0, 1, 3]
    assert schedule.own.tolist() == [[False, True, False, False], [True, False, True, True]]
    only = held.chosen(held.store_id == "S")
    assert schedule_of(only, REVIEW).own.tolist() == [[True, False, True, True]]
