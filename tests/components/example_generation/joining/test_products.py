"""Rows of products for a store and for all stores, against pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.example_generation.folder import read_folder, read_rows
from components.example_generation.joining.products import by_store, of_store
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import (
    Columns,
    Folder,
    good_folder,
    planned_note,
    write_csv,
    write_folder,
)

ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "category": st.sampled_from(["dairy", "bakery"]),
    "unit_cost": st.integers(1, 9),
    "lead_time": st.integers(0, 9),
    "maximum_order_quantity": st.integers(1, 99),
    "holding_cost": st.integers(1, 9),
    "presentation_stock": st.integers(0, 9),
    "shelf_capacity": st.integers(9, 99),
}
STAND_IN = {"category": "", "lead_time": 7, "holding_cost": 1 / 7}
KEYS = st.tuples(st.sampled_from(["A", "B", "Z"]), st.sampled_from(["S1", "S2", "S9", ""]))


def of_products(rows: dict[tuple[str, str], list[Any]]) -> Columns:
    keyed: Columns = {"product_id": [key[0] for key in rows], "store_id": [key[1] for key in rows]}
    return keyed | {name: [row[i] for row in rows.values()] for i, name in enumerate(ATTRIBUTES)}


def oracle(rows: pa.Table, products: Columns) -> pd.DataFrame:
    """The attributes of each row by two merges of data frames."""
    frame = pd.DataFrame(products)
    keys = rows.select(["store_id", "product_id"]).to_pandas()
    own = keys.merge(frame, on=["store_id", "product_id"], how="left")
    general = keys.merge(frame[frame.store_id == ""].drop(columns="store_id"), on="product_id", how="left")
    found = own.combine_first(general)
    found["holding_cost"] = found.holding_cost.astype(float).fillna(
        0.25 * found.unit_cost.astype(float) / 365.25
    )
    return found.fillna(STAND_IN)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_row_of_a_store_goes_before_the_row_for_all_value_by_value(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = st.tuples(*(st.none() | one for one in ATTRIBUTES.values())).map(list)
    drawn = data.draw(st.dictionaries(KEYS, values))
    products = of_products({("B", ""): data.draw(values)} | drawn)
    content = good_folder()
    content["products"] = products
    rows, _ = read_rows(write_folder(tmp_path_factory.mktemp("data"), content), DataOptions(lead_time=7))
    expected = oracle(rows, products)
    for name in ATTRIBUTES:
        found, wanted = rows[name].to_pandas(), expected[name]
        if name == "category":
            assert found.tolist() == wanted.tolist()
        else:
            # Rows hold float32.
            np.testing.assert_array_equal(
                found.to_numpy(np.float32), wanted.to_numpy(np.float32), err_msg=name
            )


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_column_of_empty_stores_changes_nothing(form: str, tmp_path: Path) -> None:
    plain, known = good_folder(), good_folder()
    known["products"]["store_id"] = [None, None]
    reads = [
        read_folder(write_folder(tmp_path / name, content, form))
        for name, content in (("plain", plain), ("known", known))
    ]
    assert reads[0].rows.equals(reads[1].rows)
    assert reads[0].report == reads[1].report


def test_a_part_without_the_column_is_for_all_stores(tmp_path: Path) -> None:
    content = good_folder()
    products = content.pop("products")
    write_folder(tmp_path, content)
    (tmp_path / "products").mkdir()
    write_csv(tmp_path / "products" / "a.csv", products)
    write_csv(tmp_path / "products" / "b.csv", {"product_id": ["A"], "store_id": ["S2"], "lead_time": [9]})
    rows, report = read_rows(tmp_path)
    found = {(r["store_id"], r["product_id"]): (r["lead_time"], r["pack_size"]) for r in rows.to_pylist()}
    assert found == {("S1", "A"): (2, 6), ("S1", "B"): (4, 1), ("S2", "A"): (9, 6), ("S2", "B"): (4, 1)}
    assert (report.notes, report.fallbacks, report.rejected_rows) == ((planned_note(),), (), {})


def test_gaps_that_the_row_for_all_does_not_fill_are_counted(tmp_path: Path) -> None:
    content: Folder = good_folder()
    content["products"] = {
        "product_id": ["A", "A", "B"],
        "store_id": ["", "S1", "S2"],
        "category": ["dairy", None, "bakery"],
        "unit_cost": [1, 2, 3],
        "lead_time": [2, None, None],
        "pack_size": [1, 2, 3],
        "minimum_order_quantity": [0, 0, 0],
        "maximum_order_quantity": [None, None, None],
        "holding_cost": [1, 2, 3],
        "shortage_cost": [5, 6, 7],
    }
    _, report = read_rows(write_folder(tmp_path, content))
    (fallback,) = report.fallbacks
    assert fallback.what == (
        "1 of 3 rows of products, which the row for all stores fills up, have no lead_time"
    )


def test_a_store_may_follow_another_product() -> None:
    table = pa.table(
        {
            "store_id": ["", "S1", "", "S2", "S2"],
            "product_id": ["NEW", "NEW", "OLD", "OLD", "NEW"],
            "follows": ["OLD", "BEST", "", "BEST", ""],
        }
    )
    assert by_store(table, "follows") == {
        "": {"NEW": "OLD"},
        "S1": {"NEW": "BEST"},
        "S2": {"NEW": "OLD", "OLD": "BEST"},
    }
    assert by_store(None, "follows") == by_store(table.drop(["follows"]), "follows") == {"": {}}
    assert of_store(by_store(table, "follows"), "S9") == {"NEW": "OLD"} and of_store({}, "S9") == {}


def test_a_file_of_a_header_alone_is_refused(tmp_path: Path) -> None:
    content = good_folder()
    content["products"] = {"product_id": [], "lead_time": []}
    with pytest.raises(DataRejected) as refusal:
        read_folder(write_folder(tmp_path, content))
    assert [problem.rule for problem in refusal.value.problems] == ["empty_file"]
