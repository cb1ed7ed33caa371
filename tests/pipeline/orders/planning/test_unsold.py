"""Lines of what was never sold: for its stock, for a person's quantity, and after a predecessor."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from components.example_generation.joining.stock import newest_stock
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from contracts.rows import stack
from inventory.base_stock import normal_base_stock_level
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.overrides import NO_OVERRIDES
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.orders.planning.unsold import KnownIds, check_ids, unsold
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import AS_OF, FRAME, scored

OPTIONS = DataOptions(lead_time=3, pack_size=4)


def stock_of(**units: float) -> pa.Table:
    """Units on hand of some products in store S, told on the plan's date."""
    keys = {
        "store_id": pa.array(["S"] * len(units), pa.string()),
        "product_id": pa.array(list(units), pa.string()),
    }
    days = pa.array([AS_OF] * len(units), pa.int64())
    numbers = {"on_hand": pa.array(list(units.values()), pa.float64()), "stock_date": days}
    return pa.table({**keys, **numbers, "on_order": pa.nulls(len(units), pa.float64()), "order_date": days})


def products(**columns: list[Any]) -> pa.Table:
    table = pa.table({"store_id": [""] * len(columns["product_id"])} | columns)
    for i, name in enumerate(table.column_names):
        if pa.types.is_string(table[name].type):
            table = table.set_column(i, name, table[name].dictionary_encode())
    return table


def lines(
    series: pa.Table, stock: pa.Table, table: pa.Table | None, wanted: list[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    extra = unsold(series, stock, table, wanted, OPTIONS, FRAME)
    assert extra.select(series.column_names).schema == series.schema
    whole = stack([series, extra])
    position = stock_position(whole, no_orders(), FRAME, PlanOptions())
    made = order_lines(whole, mean_demand(whole, FRAME), position, FRAME, PlanOptions()).to_pylist()
    return {(line["store_id"], line["product_id"]): line for line in made}


def test_stock_and_a_persons_quantity_give_a_line_of_nothing_expected() -> None:
    made = lines(scored(2), stock_of(NEW=7.0, P0=5.0), None, [("S", "ALSO"), ("S", "P1")])
    assert sorted(product for _, product in made) == ["ALSO", "NEW", "P0", "P1"]
    for product, on_hand in (("NEW", 7.0), ("ALSO", 0.0)):
        line = made["S", product]
        assert (line["expected_demand"], line["replenishment_quantity"], line["method"]) == (0, 0, "none")
        assert line["on_hand"] == on_hand and "no sales so far" in line["reason"]
        assert line["protection_interval"] == 3 + FRAME.review_period
        assert line["expected_demand"] + line["safety_stock"] - on_hand + line["rounding_adjustment"] == 0


def test_a_product_is_planned_with_the_forecast_of_the_one_that_it_follows() -> None:
    series = scored(2, store_id=["S", "T"], product_id=["OLD", "OLD"])
    table = products(
        product_id=["OLD", "NEW"], follows=["", "OLD"], lead_time=[2.0, 2.0], pack_size=[1.0, 6.0]
    )
    made = lines(series, stock_of(NEW=5.0), table, [])
    assert sorted(made) == [("S", "NEW"), ("S", "OLD"), ("T", "NEW"), ("T", "OLD")]
    new, old = made["S", "NEW"], made["S", "OLD"]
    assert new["expected_demand"] == old["expected_demand"] > 0
    assert (new["method"], new["on_hand"]) == ("model", 5.0)
    assert new["reason"].startswith("with the forecast of OLD, which it follows")
    assert new["replenishment_quantity"] > 0 and new["replenishment_quantity"] % 6 == 0


def test_its_costs_are_derived_from_its_own_unit_cost() -> None:
    table = products(product_id=["NEW"], follows=["P0"], unit_cost=[40.0])
    extra = unsold(scored(1), newest_stock(None, AS_OF), table, [], OPTIONS, FRAME)
    held = 0.25 * 40 / 365.25
    # Nobody has paid a price yet: nine weeks of holding, as by the constants.
    assert extra["holding_cost"].to_pylist() == [pytest.approx(held)]
    assert extra["shortage_cost"].to_pylist() == [pytest.approx(9 * 7 * held)]


@pytest.mark.parametrize("lead", [0, 1, 3])
def test_its_own_lead_time_counts(lead: int) -> None:
    table = products(product_id=["NEW"], follows=["P0"], lead_time=[float(lead)])
    made = lines(scored(1), newest_stock(None, AS_OF), table, [])
    expected, periods = made["S", "P0"]["expected_demand"], 2 + FRAME.review_period
    assert made["S", "NEW"]["expected_demand"] == pytest.approx(
        expected / periods * (lead + FRAME.review_period), rel=1e-3
    )


def test_each_store_has_its_own_attributes_and_predecessors() -> None:
    series = scored(3, store_id=["S", "S", "T"], product_id=["OLD", "BEST", "OLD"], lead_time=[2.0, 2.0, 2.0])
    table = products(
        product_id=["NEW", "NEW", "ALSO"],
        store_id=["", "S", "S"],
        follows=["OLD", "BEST", "OLD"],
        lead_time=[2.0, None, 2.0],
        pack_size=[1.0, 6.0, 2.0],
    )
    made = lines(series, newest_stock(None, AS_OF), table, [("T", "ALSO")])
    assert {key: line["reason"].split(",")[0] for key, line in made.items() if key[1] in ("NEW", "ALSO")} == {
        ("S", "NEW"): "with the forecast of BEST",
        ("S", "ALSO"): "with the forecast of OLD",
        ("T", "NEW"): "with the forecast of OLD",
        ("T", "ALSO"): "no sales so far; no sales on record in the last 28 periods; stock unknown",
    }
    intervals = {key: line["protection_interval"] - FRAME.review_period for key, line in made.items()}
    assert intervals["S", "NEW"] == intervals["T", "NEW"] == 2 and intervals["T", "ALSO"] == OPTIONS.lead_time
    assert made["S", "NEW"]["replenishment_quantity"] % 6 == 0
    assert made["T", "NEW"]["replenishment_quantity"] % 6 != 0


def test_of_a_chain_the_nearest_with_sales_counts_and_a_circle_ends() -> None:
    names = ["C", "B", "A", "X", "Y"]
    table = products(product_id=names, follows=["B", "A", "", "Y", "X"])
    series = scored(2, product_id=["A", "B"], store_id=["S", "T"])
    made = lines(series, newest_stock(None, AS_OF), table, [])
    followers = {
        key: line["reason"].split(",")[0] for key, line in made.items() if "follows" in line["reason"]
    }
    assert followers == {
        ("S", "B"): "with the forecast of A",
        ("S", "C"): "with the forecast of A",
        ("T", "C"): "with the forecast of B",
    }


def test_a_predecessor_without_a_history_gives_a_line_without_a_forecast() -> None:
    gone: dict[str, list[Any]] = {
        name: [None]
        for name in (
            "history",
            "open_share",
            "sold",
            "selling",
            "peak",
            "stretch",
            "mean",
            "base_stock_level",
        )
    }
    series = scored(1, **gone, model_level=[None], quantiles=[None])
    made = lines(series, newest_stock(None, AS_OF), products(product_id=["NEW"], follows=["P0"]), [])
    assert made["S", "NEW"]["method"] == "none" and made["S", "NEW"]["replenishment_quantity"] == 0


def test_what_a_predecessor_is_lent_itself_is_not_told_of_its_follower() -> None:
    series = scored(1).append_column("lent", pa.array(["with the history of OLDER"]))
    made = lines(series, newest_stock(None, AS_OF), products(product_id=["NEW"], follows=["P0"]), [])
    assert "OLDER" in made["S", "P0"]["reason"] and "OLDER" not in made["S", "NEW"]["reason"]


def test_nothing_is_added_where_all_are_sold() -> None:
    table = products(product_id=["P0", "P1"], follows=["P1", ""])
    extra = unsold(scored(2), stock_of(P0=1.0), table, [("S", "P1")], OPTIONS, FRAME)
    assert extra.num_rows == 0
    assert stack([scored(2), extra])["quantiles"].to_pylist() == scored(2)["quantiles"].to_pylist()


def overrides(*series: tuple[str, str]) -> pa.Table:
    return pa.table(
        {"store_id": [store for store, _ in series], "product_id": [product for _, product in series]}
    )


def test_an_id_that_no_file_has_is_refused_with_those_like_it() -> None:
    known = KnownIds({"S01", "S02"}, {"P0001", "NEW2"})
    check_ids(overrides(("S01", "NEW2"), ("S02", "P0001")), known, "ov.csv")
    check_ids(NO_OVERRIDES.rows, known, "")
    with pytest.raises(DataRejected) as refusal:
        check_ids(overrides(("S1", "NEW"), ("S02", "zzz")), known, "ov.csv")
    store, product = refusal.value.problems
    assert "no file has the store_id 'S1', did you mean 'S01'" in store.message
    assert "no file has the product_id 'NEW', did you mean 'NEW2'? (2 override(s))" in product.message


def test_a_follower_has_the_closed_days_of_its_store() -> None:
    base = float(normal_base_stock_level(2.0, 1.0, 7, 0.9))
    series = scored(1, history=[5], base_stock_level=[base], open_share=[7 / 9])
    table = products(
        product_id=["NEW"], follows=["P0"], lead_time=[5.0], holding_cost=[1.0], shortage_cost=[9.0]
    )
    made = lines(series, newest_stock(None, AS_OF), table, [])["S", "NEW"]
    level = made["expected_demand"] + made["safety_stock"]
    assert made["method"] == "base_stock"
    assert level == pytest.approx(normal_base_stock_level(2.0, 1.0, 12 * 7 / 9, 0.9), abs=1e-3)
    assert made["expected_demand"] == pytest.approx(2.0 * 12 * 7 / 9, abs=1e-3)
