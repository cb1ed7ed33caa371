"""Order lines add up, whatever the figures, and say how they came about."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.policies import Planned
from contracts.records.planning import Planning
from inventory.expectations import Expectations
from inventory.paths import sample_paths
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import CAPPED, mean_demand, order_lines
from pipeline.orders.planning.position import stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, earlier_orders, scored

OPTIONS = PlanOptions()
BY_FORECAST = replace(FRAME, planning=Planning(policy="forecast_plan"))


def line(open_order: float = 0.0, frame: Frame = FRAME, **columns: Any) -> dict[str, Any]:
    """The only line of one series."""
    series = scored(**{k: [v] for k, v in columns.items()})
    orders = earlier_orders(("S", "P0", AS_OF - 1, AS_OF + 2, open_order))
    position = stock_position(series, orders, frame, OPTIONS)
    table = order_lines(series, mean_demand(series, frame), position, frame, OPTIONS)
    return dict(table.to_pylist()[0])


def printed(found: dict[str, Any], name: str) -> Decimal:
    """A figure of a line as a file has it."""
    return Decimal(repr(found[name]))


def total(found: dict[str, Any]) -> Decimal:
    position = printed(found, "on_hand") + printed(found, "on_order")
    level = printed(found, "expected_demand") + printed(found, "safety_stock")
    return level - position + printed(found, "rounding_adjustment")


def test_a_line_by_hand() -> None:
    # Interval 2 + 7 days at a mean of 2; level 21; 5 on hand; packs of 6.
    found = line(pack_size=6.0)
    assert found["expected_demand"] == pytest.approx(18, abs=0.05)
    assert found["expected_demand"] + found["safety_stock"] == 21
    assert (found["replenishment_quantity"], found["rounding_adjustment"]) == (18, 2)
    assert (found["method"], found["reason"], found["model_version"]) == (
        "model",
        "rounded up to whole packs",
        42,
    )
    assert found["protection_interval"] == 9
    assert (found["arrival"] - found["as_of"]).days == 3


def test_the_order_of_the_forecast_plan_is_the_cheapest_of_all() -> None:
    """By brute force: each quantity along each path, day by day with lost sales."""
    quantiles = np.cumsum(np.random.default_rng(0).uniform(0.5, 3, (FRAME.horizon, 3)), axis=1)
    terms = {"holding_cost": 0.2, "shortage_cost": 3.0, "pack_size": 4.0, "on_order": None}
    found = line(7.0, BY_FORECAST, quantiles=quantiles.ravel(), **terms)
    paths = sample_paths(FRAME.levels, quantiles[None], BY_FORECAST.scores)[0]

    def cost(quantity: float) -> tuple[float, float]:
        total = expected = 0.0
        for path in paths:
            stock = 5.0
            for day, units in enumerate(path[:9]):
                # The earlier plan's order comes on the second day, this one's on the third.
                stock += 7.0 * (day == 1) + quantity * (day == 2)
                sold = min(stock, units)
                stock -= sold
                expected += sold if day < 2 else units
                total += 0.2 * stock + 3.0 * (units - sold) if day >= 2 else 0.0
        return total / len(paths), expected / len(paths)

    cheapest = min((cost(4.0 * packs)[0], 4.0 * packs) for packs in range(20))
    assert found["replenishment_quantity"] == cheapest[1] > 0
    assert found["expected_demand"] == pytest.approx(cost(cheapest[1])[1], abs=1e-3)
    assert total(found) == printed(found, "replenishment_quantity")
    assert (found["method"], found["model_version"]) == ("forecast_plan", 42)
    assert "of what can be ordered it costs least" in found["reason"]


@pytest.mark.parametrize("policy", get_args(Planned))
@pytest.mark.parametrize("own", [None, 10.0])
def test_a_line_says_what_its_order_comes_to_whichever_policy_plans(
    policy: Planned, own: float | None
) -> None:
    """By hand, along each path day by day: 7 units come on the second day, the order on the third."""
    quantiles = np.cumsum(np.random.default_rng(0).uniform(0.1, 1.5, (FRAME.horizon, 3)), axis=1)
    series = scored(
        quantiles=[quantiles.ravel()],
        holding_cost=[0.2],
        shortage_cost=[3.0],
        pack_size=[4.0],
        on_order=[None],
    )
    frame = replace(FRAME, planning=Planning(policy=policy, correlation=(1.0, *[0.3] * (FRAME.horizon - 1))))
    position = stock_position(series, earlier_orders(("S", "P0", AS_OF - 1, AS_OF + 2, 7.0)), frame, OPTIONS)
    people = None if own is None else np.array([own])
    (found,) = order_lines(series, mean_demand(series, frame), position, frame, OPTIONS, people).to_pylist()
    paths = sample_paths(FRAME.levels, quantiles[None], frame.scores)[0]

    def lived(quantity: float) -> list[float]:
        sums = np.zeros(5)
        for path in paths:
            stock, lost = 5.0, np.zeros(9)
            for day, units in enumerate(path[:9]):
                stock += 7.0 * (day == 1) + quantity * (day == 2)
                lost[day] = max(units - stock, 0.0)
                stock = max(stock - units, 0.0)
                sums[4] += (day >= 2) * (0.2 * stock + 3.0 * lost[day])
            sums[:4] += np.array([lost[:2].any(), lost[2:].any(), lost[2:].sum(), stock])
        return list(sums / len(paths))

    ordered = own or found["replenishment_quantity"]
    names = (
        "lead_time_stockout_probability",
        "stockout_probability",
        "expected_lost_sales",
        "expected_leftover",
    )
    assert ordered > 0
    assert [found[name] for name in (*names, "expected_cost")] == pytest.approx(lived(ordered), abs=6e-4)
    assert found["cost_one_pack_more"] == pytest.approx(lived(ordered + 4)[-1], abs=1e-5)
    assert found["cost_one_pack_less"] == pytest.approx(lived(ordered - 4)[-1], abs=1e-5)
    assert found["method"] == policy and 0 < found["stockout_probability"] < 1


def test_what_is_there_and_not_needed_is_taken_back() -> None:
    found = line(0.0, BY_FORECAST, on_hand=500.0)
    assert (found["replenishment_quantity"], found["method"]) == (0, "forecast_plan")
    assert found["reason"] == "nothing needed"
    assert total(found) == 0


def test_a_pair_that_plans_by_base_stock_says_so() -> None:
    found = line(0.0, replace(FRAME, planning=Planning(policy="base_stock")))
    assert (found["method"], found["model_version"]) == ("base_stock", None)
    assert found["expected_demand"] + found["safety_stock"] == 22
    assert found["reason"] == "base stock, by which the pair plans; as needed"


def test_a_predecessors_history_is_told() -> None:
    series = scored().append_column("lent", pa.array(["with the history of OLD"]))
    position = stock_position(series, earlier_orders(("S", "P0", AS_OF, AS_OF, 0.0)), FRAME, OPTIONS)
    (found,) = order_lines(series, mean_demand(series, FRAME), position, FRAME, OPTIONS).to_pylist()
    assert found["reason"] == "with the history of OLD; as needed"


def test_base_stock_expects_nothing_of_closed_days() -> None:
    found = line(history=10, open_share=7 / 9, base_stock_level=19.0)
    assert (found["method"], found["expected_demand"]) == ("base_stock", pytest.approx(2 * 7))


AMOUNT = st.one_of(st.floats(0, 1e4), st.decimals(0, 10_000, places=2).map(float))


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "lead_time": st.integers(0, 8),
            "pack_size": st.one_of(st.integers(1, 48), st.sampled_from([0.1, 0.25, 0.333, 0.35, 1.02, 1.5])),
            "minimum_order_quantity": st.integers(0, 60),
            "maximum_order_quantity": st.one_of(st.none(), st.integers(0, 500)),
            "presentation_stock": st.one_of(st.none(), st.integers(0, 20)),
            "shelf_capacity": st.one_of(st.none(), st.integers(20, 200)),
            "shelf_life": st.one_of(st.none(), st.integers(1, 30)),
            "on_hand": st.one_of(st.none(), AMOUNT),
            "on_order": st.one_of(st.none(), AMOUNT),
            "model_level": st.one_of(AMOUNT, st.just(float("nan"))),
            "base_stock_level": AMOUNT,
            "peak": AMOUNT,
            "history": st.integers(0, 28),
            "last_known": st.integers(AS_OF - 40, AS_OF),
        }
    ),
    AMOUNT,
    st.sampled_from(get_args(Planned)),
)
def test_every_line_adds_up_and_keeps_the_bounds(
    columns: dict[str, Any], open_order: float, planned: Planned
) -> None:
    found = line(open_order, replace(FRAME, planning=Planning(policy=planned)), **columns)
    quantity = found["replenishment_quantity"]
    assert total(found) == printed(found, "replenishment_quantity")
    assert (
        quantity >= 0 and printed(found, "replenishment_quantity") % Decimal(str(columns["pack_size"])) == 0
    )
    if quantity:
        assert quantity >= columns["minimum_order_quantity"] - 1e-6
        most = columns["maximum_order_quantity"]
        assert most is None or quantity <= most + 1e-6
        room = columns["shelf_capacity"]
        assert room is None or quantity <= room + 1e-6
    assert found["reason"]
    assert (found["model_version"] is None) == (found["method"] not in ("model", "forecast_plan"))


@pytest.mark.parametrize(
    ("columns", "method", "words"),
    [
        ({"history": 13}, "base_stock", "shorter than 14 periods"),
        ({"last_known": AS_OF - 7}, "base_stock", "stale"),
        ({"lead_time": 4}, "base_stock", "longer than the forecast of 10 periods"),
        ({"model_level": float("nan")}, "base_stock", "no finite number"),
        ({"model_level": float("inf")}, "base_stock", "no finite number"),
        ({"quantiles": np.full(3 * FRAME.horizon, np.nan)}, "base_stock", "no finite number"),
        ({"quantiles": [1.0, 2.0, np.inf] * FRAME.horizon}, "base_stock", "no finite number"),
        ({"base_stock_level": float("nan")}, "none", "no finite level"),
        ({"model_level": 5 * 54 + 1}, "base_stock", "out of range"),
        (
            {"history": 0, "quantiles": None, "model_level": None},
            "none",
            "no sales on record in the last 28 periods",
        ),
    ],
)
def test_what_the_model_should_not_plan(columns: dict[str, Any], method: str, words: str) -> None:
    found = line(**columns)
    assert found["method"] == method and words in found["reason"]
    assert [found[field.name] for field in fields(Expectations)] == [None] * 8
    if method == "base_stock":
        assert found["expected_demand"] + found["safety_stock"] == 22
        assert found["expected_demand"] == 2 * found["protection_interval"]
    else:
        assert found["replenishment_quantity"] == 0
    assert total(found) == printed(found, "replenishment_quantity")


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ({"pack_size": 0.1, "minimum_order_quantity": 0.3, "on_hand": 11.3}, 9.7),
        ({"pack_size": 0.1, "minimum_order_quantity": 0.3, "on_hand": 20.9}, 0.3),
        ({"pack_size": 0.35, "on_hand": 3.7, "on_order": 0.25}, 17.15),
        ({"pack_size": 1.02, "on_hand": 0.05}, 21.42),
        ({"pack_size": 0.333, "maximum_order_quantity": 9.7}, 9.657),
    ],
)
def test_packs_and_stock_with_decimals(columns: dict[str, Any], order: float) -> None:
    found = line(**columns)
    assert found["replenishment_quantity"] == order
    assert total(found) == printed(found, "replenishment_quantity")


def test_the_model_is_believed_up_to_the_limit() -> None:
    assert line(model_level=5 * 54.0)["method"] == "model"
    assert line(model_level=5 * 54.0, peak=1.0)["method"] == "base_stock"
    assert line(model_level=5 * 22.0, peak=0.0)["method"] == "model"


def test_orders_on_their_way_are_taken_from_earlier_plans_where_the_data_has_none() -> None:
    ours = line(7.0, on_order=None)
    assert (ours["on_order"], ours["replenishment_quantity"]) == (7, 9)
    assert "on order by earlier plans" in ours["reason"]
    theirs = line(7.0, on_order=3.0)
    assert (theirs["on_order"], theirs["replenishment_quantity"]) == (3, 13)


def test_stock_that_is_not_known_or_old_is_said() -> None:
    assert "stock unknown, taken as 0" in line(on_hand=None)["reason"]
    assert line(on_hand=None)["on_hand"] == 0
    earlier = line(stock_date=AS_OF - 2, sold_since=3.0)
    assert earlier["on_hand"] == 2 and "stock of 2024-10-02, less 3 sold since" in earlier["reason"]
    old = line(stock_date=AS_OF - 7)
    assert old["on_hand"] == 0 and "stock unknown" in old["reason"]


def test_more_than_enough_orders_nothing_and_the_adjustment_says_how_much_is_left() -> None:
    found = line(on_hand=30.0)
    assert (found["replenishment_quantity"], found["rounding_adjustment"]) == (0, 9)
    assert found["reason"] == "nothing needed"


def test_the_model_orders_no_more_at_once_than_its_largest_order() -> None:
    capped = line(model_level=40.0, largest_order=12.3, pack_size=6.0)
    assert capped["replenishment_quantity"] == 18 and capped["reason"].startswith(CAPPED)
    assert total(capped) == printed(capped, "replenishment_quantity")
    free = line(model_level=40.0, largest_order=35.0)
    assert free["replenishment_quantity"] == 35 and CAPPED not in free["reason"]
    # It is the model's: who plans by another policy has none.
    other = line(frame=BY_FORECAST, largest_order=0.5)
    assert other["replenishment_quantity"] > 1 and CAPPED not in other["reason"]
