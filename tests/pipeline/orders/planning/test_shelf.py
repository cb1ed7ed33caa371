"""Lines of shelves that are to look full, and of those that hold no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest

from contracts.policies import Planned
from contracts.records.planning import Planning
from inventory.paths import sample_paths
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, hold_back
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.overrides import NO_OVERRIDES, apply_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, scored

OPTIONS = PlanOptions()


def frame_of(policy: Planned) -> Frame:
    return replace(FRAME, planning=Planning(policy=policy))


def line(policy: Planned, **columns: Any) -> dict[str, Any]:
    frame = frame_of(policy)
    series = scored(**{name: [value] for name, value in columns.items()})
    position = stock_position(series, no_orders(), frame, OPTIONS)
    return dict(order_lines(series, mean_demand(series, frame), position, frame, OPTIONS).to_pylist()[0])


@pytest.mark.parametrize("policy", get_args(Planned))
def test_a_presentation_stock_raises_every_level_by_itself(policy: Planned) -> None:
    # Of 12 on hand not all is sold before the order arrives, on any path.
    plain, kept = line(policy, on_hand=12.0), line(policy, on_hand=12.0, presentation_stock=6.0)
    assert kept["replenishment_quantity"] == plain["replenishment_quantity"] + 6 > 6
    assert kept["safety_stock"] == pytest.approx(plain["safety_stock"] + 6)
    assert kept["expected_demand"] == pytest.approx(plain["expected_demand"])
    assert kept["reason"].endswith("with a presentation stock of 6; " + plain["reason"].split("; ")[-1])
    # It stays where it is, costs nothing, and serves whoever would leave without.
    assert kept["expected_leftover"] > plain["expected_leftover"] + 4
    assert kept["stockout_probability"] <= plain["stockout_probability"]


@pytest.mark.parametrize("policy", get_args(Planned))
def test_no_more_is_ordered_than_the_shelf_has_room_for(policy: Planned) -> None:
    # 5 on hand, of which 2 a day are sold in two days.
    found = line(policy, shelf_capacity=9.0)
    assert found["replenishment_quantity"] == 7 or found["replenishment_quantity"] == 8
    assert "no more than the shelf holds, 9, of which about 1 are expected to be taken" in found["reason"]
    assert found["cost_one_pack_more"] is None
    wide = line(policy, shelf_capacity=900.0)
    assert wide == line(policy) and "shelf" not in wide["reason"]
    packed = line(policy, shelf_capacity=9.0, pack_size=6.0)
    assert packed["replenishment_quantity"] == 6
    none = line(policy, shelf_capacity=9.0, pack_size=12.0)
    assert none["replenishment_quantity"] == 0 and "the shelf holds" in none["reason"]


def test_the_models_largest_order_does_not_keep_a_shelf_from_being_filled() -> None:
    terms = {"largest_order": 10.0, "on_hand": 0.0}
    assert line("model", **terms)["replenishment_quantity"] == 10
    assert line("model", **terms, presentation_stock=4.0)["replenishment_quantity"] == 14


def test_of_what_is_delisted_within_the_interval_nothing_is_kept_for_looks() -> None:
    series = scored(2, presentation_stock=[6.0, 6.0])
    last = pa.array([None, AS_OF + 5], pa.int64())
    products = pa.table({"product_id": ["P0", "P1"], "store_id": ["", ""], "active_until": last})
    changed, _ = on_sale(series, mean_demand(series, FRAME), products, FRAME)
    assert changed["presentation_stock"].to_pylist() == [6.0, 0.0]


def test_a_shelf_that_is_filled_for_the_first_time_is_not_out_of_proportion() -> None:
    series = scored(1, presentation_stock=[400.0], on_hand=[0.0])
    position = stock_position(series, no_orders(), FRAME, OPTIONS)
    lines = order_lines(series, mean_demand(series, FRAME), position, FRAME, OPTIONS)
    lines = apply_overrides(lines, NO_OVERRIDES.rows)
    assert lines["replenishment_quantity"].to_pylist() == [421.0]
    assert hold_back(lines, series, FRAME, OPTIONS, NOTHING_ACCEPTED)["held"].null_count == 1
    bare = series.set_column(
        series.column_names.index("presentation_stock"), "presentation_stock", pa.array([np.nan])
    )
    assert hold_back(lines, bare, FRAME, OPTIONS, NOTHING_ACCEPTED)["held"].null_count == 0


@pytest.mark.parametrize("own", [None, 15.0])
def test_the_forecast_plan_weighs_what_would_expire(own: float | None) -> None:
    """By trying all quantities along each path, by the day: the first units to expire go first."""
    life, terms = 4, {"holding_cost": 0.1, "shortage_cost": 3.0, "unit_cost": 2.0, "on_order": None}
    quantiles = np.cumsum(np.random.default_rng(0).uniform(0.2, 1.2, (FRAME.horizon, 3)), axis=1)
    frame = frame_of("forecast_plan")
    columns = terms | {"quantiles": quantiles.ravel(), "shelf_life": float(life), "on_hand": 6.0}
    series = scored(**{name: [value] for name, value in columns.items()})
    position = stock_position(series, no_orders(), frame, OPTIONS)
    people = None if own is None else np.array([own])
    (found,) = order_lines(series, mean_demand(series, frame), position, frame, OPTIONS, people).to_pylist()
    paths = sample_paths(FRAME.levels, quantiles[None], frame.scores)[0]

    def lived(quantity: float) -> tuple[float, float]:
        cost = waste = 0.0
        for path in paths:
            # What is there came in equal parts in the last three days.
            shelf = [[0, 2.0], [1, 2.0], [2, 2.0]]
            for day in range(2 + life):
                if day == 2:
                    shelf.append([2 + life - 1, quantity])
                rest = path[day % FRAME.horizon]
                for batch in shelf:
                    served = min(batch[1], rest)
                    batch[1], rest = batch[1] - served, rest - served
                if day == 2 + life - 1:
                    waste += shelf[-1][1]
                shelf = [batch for batch in shelf if batch[0] > day]
                if day >= 2:
                    cost += 0.1 * sum(units for _, units in shelf) + 3.0 * rest
        return (cost + 2.0 * waste) / len(paths), waste / len(paths)

    cheapest = min((lived(float(units))[0], float(units)) for units in range(25))[1]
    assert found["replenishment_quantity"] == cheapest > 0
    assert [found["expected_cost"], found["expected_waste"]] == pytest.approx(
        lived(own or cheapest), abs=6e-4
    )
    assert found["expected_waste"] > 0
    assert "for a shelf life of 4 periods" in found["reason"]
    keeps = line("forecast_plan", **columns | {"shelf_life": None})
    assert keeps["replenishment_quantity"] > cheapest and keeps["expected_waste"] == 0
    # Without a unit cost what expires costs as much as what is not served.
    dear = line("forecast_plan", **columns | {"unit_cost": None})
    plain = line("forecast_plan", **columns)
    assert dear["replenishment_quantity"] == plain["replenishment_quantity"]
    more = (3.0 - 2.0) * plain["expected_waste"]
    assert dear["expected_cost"] == pytest.approx(plain["expected_cost"] + more, abs=2e-3)


@pytest.mark.parametrize("policy", ["model", "base_stock"])
def test_others_order_no_more_than_is_expected_to_be_sold_in_time(policy: Planned) -> None:
    # What is on hand has expired on arrival; in three days 6 are sold.
    found = line(policy, shelf_life=3.0)
    assert found["replenishment_quantity"] in (6, 7)
    assert "no more than is expected to be sold in its shelf life of 3 periods, 6" in found["reason"]
    assert line(policy, shelf_life=300.0) == line(policy)
