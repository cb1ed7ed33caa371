"""What suppliers make of the rows of products, read from files, value by value as a person would look it up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.example_generation.folder import read_folder, read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import good_folder, write_folder

SUPPLIERS: dict[str, dict[str, Any]] = {
    "X": {"order_weekdays": "Mon Thu", "lead_time": 6, "minimum_order_value": 120.5},
    "Y": {"order_weekdays": "", "lead_time": None, "minimum_order_value": None},
    "Z": {"order_weekdays": "2-4", "lead_time": 1, "minimum_order_value": 0},
}
MASK = {"X": 0b1001, "Y": 0, "Z": 0b1110}
LEAST = {"X": 120.5, "Y": 0.0, "Z": 0.0}


def folder_of(products: dict[tuple[str, str], tuple[str, int | None]], **left_out: bool) -> dict[str, Any]:
    """Products A and B, in all stores and in S2, with supplier and lead_time."""
    content = good_folder()
    content["products"] = {
        "product_id": [key[0] for key in products],
        "store_id": [key[1] for key in products],
        "supplier": [value[0] for value in products.values()],
        "lead_time": [value[1] for value in products.values()],
        "unit_cost": [2.0] * len(products),
    }
    columns: dict[str, list[Any]] = {"supplier": list(SUPPLIERS)}
    columns |= {name: [one[name] for one in SUPPLIERS.values()] for name in SUPPLIERS["X"]}
    content["suppliers"] = {name: values for name, values in columns.items() if not left_out.get(name)}
    return content


VALUES = st.tuples(st.sampled_from(["", "X", "Y", "Z"]), st.none() | st.integers(0, 9))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from(["", "S2"])), VALUES, min_size=1))
def test_terms_are_those_of_the_supplier_that_holds_for_the_store(
    tmp_path_factory: pytest.TempPathFactory, products: dict[tuple[str, str], tuple[str, int | None]]
) -> None:
    folder = write_folder(tmp_path_factory.mktemp("data"), folder_of(products))
    rows, _ = read_rows(folder, DataOptions(lead_time=7))
    for row in rows.to_pylist():
        own, general = (
            products.get((row["product_id"], store), ("", None)) for store in (row["store_id"], "")
        )
        supplier = own[0] or general[0]
        lead = own[1] if own[1] is not None else general[1]
        if lead is None:
            lead = SUPPLIERS[supplier]["lead_time"] if supplier else None
        assert row["lead_time"] == (7 if lead is None else lead)
        assert (row["supplier"] or "") == supplier
        assert (row["order_weekdays"] or 0) == MASK.get(supplier, 0)
        assert (row["minimum_order_value"] or 0.0) == LEAST.get(supplier, 0.0)


def test_what_is_made_of_suppliers_is_told(tmp_path: Path) -> None:
    content = folder_of({("A", ""): ("X", None), ("B", ""): ("", None)})
    report = read_folder(write_folder(tmp_path, content)).report
    notes = [note for note in report.notes if "supplier" in note]
    assert notes == [
        "2 of 3 suppliers are named by no product: 'Y', 'Z'",
        "products of 2 of 3 suppliers are ordered on some weekdays only, such as those of X on Mon Thu",
        "1 of 3 suppliers take no order of a store below a value, such as X none below 120.5",
        "1 of 2 rows of products have the lead_time of their supplier",
    ]
    assert "1 of 2 products have no lead_time" in " ".join(fallback.what for fallback in report.fallbacks)


def test_a_file_of_suppliers_need_not_say_everything(tmp_path: Path) -> None:
    content = folder_of({("A", ""): ("X", 3), ("B", ""): ("Z", 3)}, order_weekdays=True, lead_time=True)
    read = read_folder(write_folder(tmp_path / "a", content))
    assert set(read.rows["order_weekdays"].to_pylist()) == {0}
    assert not any("weekday" in note for note in read.report.notes)
    del content["products"]["lead_time"]
    content["suppliers"]["lead_time"] = [5, 5, 4]
    read = read_folder(write_folder(tmp_path / "b", content))
    assert set(read.rows["lead_time"].to_pylist()) == {5, 4}


def test_without_the_file_names_of_suppliers_are_names(tmp_path: Path) -> None:
    content = folder_of({("A", ""): ("X", None), ("B", ""): ("", None)})
    del content["suppliers"]
    read = read_folder(write_folder(tmp_path, content))
    assert "order_weekdays" not in read.rows.column_names
    (said,) = [fallback for fallback in read.report.fallbacks if "suppliers" in fallback.what]
    assert said.used == "no supplier has order days, a lead time or a least order of its own"


def test_weekly_data_have_no_order_days_and_say_so(tmp_path: Path) -> None:
    content = good_folder(7)
    content["products"]["supplier"] = ["X", ""]
    content["suppliers"] = {"supplier": ["X"], "order_weekdays": ["Mon Thu"]}
    read = read_folder(write_folder(tmp_path, content), DataOptions(frequency="W"))
    assert set(read.rows["order_weekdays"].to_pylist()) == {0}
    assert any(
        "order_weekdays of 1 suppliers are not used, as the data are weekly" in n for n in read.report.notes
    )


@pytest.mark.parametrize(
    ("supplier", "weekdays", "said"),
    [
        ("W", "Mon", "products.csv, column supplier: suppliers has no such supplier [row 1: 'W']"),
        ("x", "Mon", "products.csv, column supplier: suppliers has no such supplier [row 1: 'x']"),
        ("X", "Montag", "suppliers.csv, column order_weekdays: is no list of weekdays [row 1: 'Montag']"),
    ],
)
def test_what_finds_nothing_is_refused(tmp_path: Path, supplier: str, weekdays: str, said: str) -> None:
    content = folder_of({("A", ""): (supplier, None), ("B", ""): ("Y", None)})
    content["suppliers"]["order_weekdays"][0] = weekdays
    with pytest.raises(DataRejected) as caught:
        read_folder(write_folder(tmp_path, content))
    assert said in str(caught.value)
