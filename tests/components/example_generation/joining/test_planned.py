"""Plans at their ends; the join itself is held against pandas in test_grid."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from components.example_generation.folder import read_folder
from components.example_generation.joining.future import Future
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import good_folder, write_folder


def test_it_is_the_same_for_another_process(tmp_path: Path) -> None:
    future = read_folder(write_folder(tmp_path / "data", good_folder())).future
    future.write(tmp_path)
    again = Future.read(tmp_path)
    assert again.external.equals(future.external)
    assert again.plan is not None and future.plan is not None
    assert again.plan.table.equals(future.plan.table)
    assert (again.plan.first, dict(again.plan.last)) == (future.plan.first, dict(future.plan.last))


def test_each_column_reaches_as_far_as_it_has_values(tmp_path: Path) -> None:
    content = good_folder()
    content["planned_prices"] |= {
        "date": ["2024-01-04", "2024-01-05", "2024-01-08"],
        "unit_price": [2.5, None, None],
        "discount": [None, 0.9, None],
        "on_promotion": [None, None, 1],
    }
    plan = read_folder(write_folder(tmp_path, content)).small.plan
    assert plan is not None
    last_sale = 19725  # 2024-01-03
    reaches = [plan.reach(name, last_sale, 1) for name in ("unit_price", "discount", "on_promotion")]
    assert reaches == [1, 2, 5]
    assert plan.reach("in_stock", last_sale, 1) == 0
    assert plan.reach("on_promotion", last_sale + 20, 1) == 0


def test_a_plan_without_rows_says_that_nothing_is_planned(tmp_path: Path) -> None:
    content = good_folder()
    content["planned_prices"] = {name: [] for name in content["planned_prices"]}
    options = DataOptions(known_ahead={"on_promotion": 2})
    read = read_folder(write_folder(tmp_path, content), options)
    assert read.future.plan is not None
    keys = {
        "store_id": pa.array(["S1"] * 3),
        "product_id": pa.array(["A"] * 3),
        "date": pa.array([19726, 19727, 19728]),
    }
    found = read.future.plan.find(keys)
    assert found["planned"].to_pylist() == [1, 1, 0]
    assert found["planned_promotion"].to_pylist() == [0, 0, None]
    assert "planned_prices says nothing of the time after 2024-01-03, the last sale: nothing is planned" in [
        *read.report.notes
    ]


def test_ids_that_nobody_sells_are_told(tmp_path: Path) -> None:
    content = good_folder()
    content["planned_prices"]["product_id"] = ["A", "b", "A"]
    content["planned_prices"]["store_id"] = ["S1", "S1", "S9"]
    notes = read_folder(write_folder(tmp_path, content)).report.notes
    told = [note for note in notes if "planned_prices" in note]
    row = "1 of 3 rows of planned_prices are of a"
    differs = "1 product_id differ from those of sales_data by capital or small letters: 'b' for 'B'"
    assert told == [
        f"{row} product without sales: {differs}",
        f"{row} store without sales: 1 store_id do not occur in sales_data: 'S9'; it has 'S1', 'S2'",
    ]


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("product_id", ["a", "b", "a"], "'a' for 'A'"),
        ("date", ["2023-01-01", "2023-01-02", "2023-01-03"], "its dates are 2023-01-01 .. 2023-01-03"),
    ],
)
def test_a_plan_of_nothing_that_is_sold_is_refused(
    column: str, values: list[str], why: str, tmp_path: Path
) -> None:
    content = good_folder()
    content["planned_prices"][column] = values
    with pytest.raises(DataRejected) as refused:
        read_folder(write_folder(tmp_path, content))
    (problem,) = refused.value.problems
    assert (problem.file, problem.rule) == ("planned_prices.csv", "joins_nothing")
    assert why in problem.message


def test_a_date_beyond_all_plans_is_mistyped(tmp_path: Path) -> None:
    content = good_folder()
    content["planned_prices"]["date"][1] = "2124-01-04"
    with pytest.raises(DataRejected) as refused:
        read_folder(write_folder(tmp_path, content))
    (problem,) = refused.value.problems
    assert (problem.rule, problem.rows, problem.values) == ("future_date", (2,), ("2124-01-04",))
    assert "a date lies after what anybody plans" in problem.message
