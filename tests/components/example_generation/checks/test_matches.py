"""Files that find nothing of the sales are refused with the likely cause; those that find some are told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.example_generation.contract import EXTERNAL, INVENTORY, PRODUCTS, SALES
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import Folder, good_folder, planned_note, write_folder

Change = Callable[[str], str]


def changed(file: str, column: str, change: Change, rows: slice = slice(None)) -> Callable[[Folder], None]:
    def spoil(folder: Folder) -> None:
        values = folder[file][column]
        values[rows] = [change(value) for value in values[rows]]

    return spoil


def earlier(days: int) -> Change:
    return lambda text: (date.fromisoformat(text) - timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("file", "spoil", "words"),
    [
        (INVENTORY, changed(INVENTORY, "store_id", lambda s: s.lower()), ["'s1' for 'S1'", "capital or small letters"]),
        (INVENTORY, changed(SALES, "store_id", lambda s: f"S0{s[1]}"), ["'S1' for 'S01'", "lost leading zeros"]),
        (INVENTORY, changed(INVENTORY, "product_id", lambda p: f"{p}\u200b"), ["invisible characters"]),
        (INVENTORY, changed(INVENTORY, "product_id", lambda p: f"77{p}"), ["'77A', '77B'; it has 'A', 'B'"]),
        (INVENTORY, changed(INVENTORY, "date", earlier(365)), ["2023-01-01 .. 2023-01-03", "2024-01-01 .. 2024-01-03"]),
        (INVENTORY, changed(INVENTORY, "date", earlier(-30)), ["2024-01-31 .. 2024-02-02"]),
        (EXTERNAL, changed(EXTERNAL, "date", earlier(365)), ["2023-01-01 .. 2023-01-03", "2024-01-01 .. 2024-01-03"]),
        (EXTERNAL, changed(EXTERNAL, "store_id", lambda s: f"Store {s or 'S2'}"), ["'Store S1', 'Store S2'; it has"]),
        (EXTERNAL, changed(EXTERNAL, "store_id", lambda s: (s or "S2").lower()), ["'s1' for 'S1'"]),
        (PRODUCTS, changed(PRODUCTS, "product_id", str.lower), ["'A' for 'a', 'B' for 'b'", "capital or small"]),
        (PRODUCTS, changed(PRODUCTS, "product_id", lambda p: f"{p}-{p}"), ["'A', 'B'; it has 'A-A', 'B-B'"]),
    ],
)  # fmt: skip
def test_a_file_that_joins_nothing_is_refused(
    file: str, spoil: Callable[[Folder], None], words: list[str], tmp_path: Path
) -> None:
    content = good_folder()
    spoil(content)
    # The others would join nothing either where it is the sales that are written otherwise.
    content = {name: columns for name, columns in content.items() if name in (SALES, file)}
    with pytest.raises(DataRejected) as refusal:
        read_rows(write_folder(tmp_path, content))
    (problem,) = refusal.value.problems
    assert (problem.rule, problem.file) == ("joins_nothing", f"{file}.csv")
    for word in words:
        assert word in problem.message
    assert (
        "leave the file out" in problem.remedy
        or "Date stock by the period at whose end it was counted, 2024-01-03" in problem.remedy
    )


SOME_STOCK = "rows of inventory_levels, such as"
UNSOLD = "are of a store and product without sales: only the plan counts them"
ABSENT, KNOWN, EMPTY = "do not occur in", "it has 'A', 'B'", "its columns are empty there"
SIGNS = "1 product_id differ from those of products by hyphens or other signs: 'A' for 'A.'"
LOWER = "1 store_id differ from those of sales_data by capital or small letters: 's1' for 'S1'"


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (
            changed(INVENTORY, "store_id", str.lower, slice(6)),
            f"6 of 12 {SOME_STOCK} s1 A 2024-01-01, {UNSOLD} ({LOWER})",
        ),
        (
            changed(INVENTORY, "product_id", lambda p: "NEW", slice(0, 1)),
            f"1 of 12 {SOME_STOCK} S1 NEW 2024-01-01, {UNSOLD} (1 product_id {ABSENT} sales_data: 'NEW'; {KNOWN})",
        ),
        (
            changed(INVENTORY, "store_id", lambda s: "S9", slice(3)),
            "1 of 4 series, such as S1 A, have no row in inventory_levels: stock unknown",
        ),
        (
            changed(EXTERNAL, "date", earlier(365), slice(3, 6)),
            f"3 of 6 dates of a store, such as S2 2024-01-01, have no row in external_factors: {EMPTY}",
        ),
        (
            changed(EXTERNAL, "store_id", str.lower, slice(3)),
            f"3 of 6 rows of external_factors are of stores without sales: {LOWER}",
        ),
        (
            changed(PRODUCTS, "product_id", lambda p: f"{p}.", slice(1)),
            f"1 of 2 products of sales_data, in 2 of 4 series, are not in products: the fallbacks stand in ({SIGNS})",
        ),
    ],
)
def test_a_file_that_joins_in_part_is_told_with_counts_and_examples(
    spoil: Callable[[Folder], None], note: str, tmp_path: Path
) -> None:
    content = good_folder()
    spoil(content)
    _, report = read_rows(write_folder(tmp_path, content))
    assert note in report.notes


def of_stores(*stores: str) -> Folder:
    """A folder whose products have a row for each of some stores, and none for all."""
    content = good_folder()
    content[PRODUCTS] = {
        **{name: [value for value in values for _ in stores] for name, values in content[PRODUCTS].items()},
        "store_id": [*stores] * 2,
    }
    return content


def test_products_of_some_stores_are_told_of(tmp_path: Path) -> None:
    rows, report = read_rows(write_folder(tmp_path, of_stores("S1", "s2")))
    assert report.notes == (
        planned_note(),
        "2 of 4 rows of products are of stores without sales: "
        + LOWER.replace("'s1' for 'S1'", "'s2' for 'S2'"),
        "2 of 4 series, such as S2 A, are of products that products has for other stores only: the fallbacks stand in",
    )
    assert {(r["store_id"], r["product_id"], r["lead_time"]) for r in rows.to_pylist()} == {
        ("S1", "A", 2), ("S1", "B", 4), ("S2", "A", 3), ("S2", "B", 3),
    }  # fmt: skip


def test_products_of_stores_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRejected) as refusal:
        read_rows(write_folder(tmp_path, of_stores("s1", "s2")))
    (problem,) = refusal.value.problems
    assert (problem.rule, problem.file) == ("joins_nothing", "products.csv")
    assert "'s1' for 'S1', 's2' for 'S2'" in problem.message
    assert problem.message.startswith(
        "0 of its 4 rows belong to the sales, and 0 of 4 series of sales_data find a row"
    )


def test_files_larger_or_smaller_than_the_sales_are_in_order(tmp_path: Path) -> None:
    content = good_folder()
    stock, products = content[INVENTORY], content[PRODUCTS]
    for n in range(900):  # the whole range is in stock, and weather goes back for years
        for name, value in (("date", "2024-01-03"), ("store_id", "S1"), ("product_id", f"X{n}")):
            stock[name].append(value)
        stock["on_hand"].append(1)
        stock["on_order"].append(0)
        for name in products:
            products[name].append(f"X{n}" if name == "product_id" else products[name][0])
        day = (date(2024, 1, 1) - timedelta(days=n + 1)).isoformat()
        for name, weather in (("date", day), ("store_id", ""), ("temperature", 1.0), ("event", "")):
            content[EXTERNAL][name].append(weather)
    rows, _ = read_rows(write_folder(tmp_path, content))
    assert rows["on_hand"].null_count == 0 and rows["temperature"].null_count == 0


def test_holidays_alone_are_in_order(tmp_path: Path) -> None:
    content: dict[str, Any] = good_folder()
    content[EXTERNAL] = {"date": ["2024-01-06", "2024-01-07"], "holiday": [1, 1]}
    _, report = read_rows(write_folder(tmp_path, content))
    assert any("6 of 6 dates of a store" in note for note in report.notes)


def test_oversold_stock_is_none_and_what_is_on_order_stays(tmp_path: Path) -> None:
    content = good_folder()
    content[INVENTORY]["on_hand"][2] = -12  # S1 A, the last day
    content[INVENTORY]["on_order"][2] = 71
    for options in (DataOptions(), DataOptions(quarantine=0.5)):
        rows, report = read_rows(write_folder(tmp_path, content), options)
        newest = rows.to_pylist()[2]
        assert (newest["on_hand"], newest["on_order"]) == (0.0, 71.0)
        assert report.rejected_rows == {}
        assert (
            "1 of 12 rows of inventory_levels, such as S1 A 2024-01-03, have on_hand below 0, which counts as 0"
            in report.notes
        )
