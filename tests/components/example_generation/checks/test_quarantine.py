from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from components.example_generation.folder import read_folder, read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.cases import of_a_store, sold_for_a_time
from tests.components.example_generation.folders import good_folder, write_csv, write_folder

TOLERANT = DataOptions(quarantine=0.25)


def invalid_folder(folder: Path, form: str = "csv") -> Path:
    content = good_folder()
    content["sales_data"]["units_sold"][1] = -1  # 2024-01-02 of S1 A
    content["sales_data"]["unit_price"][1] = 0
    content["sales_data"]["date"][4] = "soon"  # 2024-01-02 of S1 B
    content["inventory_levels"]["on_order"][0] = -5
    return write_folder(folder, content, form)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_bad_rows_go_aside_with_their_reasons(form: str, tmp_path: Path) -> None:
    read = read_folder(invalid_folder(tmp_path / "in", form), TOLERANT, tmp_path / "quarantine")
    rows, report = read.rows, read.report

    assert sorted(p.name for p in (tmp_path / "quarantine").iterdir()) == [
        "inventory_levels.csv",
        "sales_data.csv",
    ]
    quarantined = pd.read_csv(tmp_path / "quarantine" / "sales_data.csv", dtype=str)
    assert quarantined.columns.tolist()[:3] == ["source", "row", "reason"]
    assert quarantined["source"].tolist() == [f"sales_data.{form}"] * 2
    assert quarantined["row"].tolist() == ["2", "5"]
    assert quarantined["reason"].tolist() == [
        "units_sold: a value must be 0 or more; unit_price: a value must be more than 0",
        "date: a date is not ISO 8601",
    ]
    assert quarantined["date"].tolist()[1] == "soon"
    assert report.rejected_rows == {"sales_data": 2, "inventory_levels": 1}
    assert len(report.rejected_reasons) == 4
    assert rows.num_rows == 12


def test_what_was_set_aside_is_unknown_and_never_a_zero_sale(tmp_path: Path) -> None:
    rows, _ = read_rows(invalid_folder(tmp_path), TOLERANT)
    by_key = {(r["store_id"], r["product_id"], r["date"] - 19723): r for r in rows.to_pylist()}
    quarantined = by_key["S1", "A", 1]
    assert [quarantined[name] for name in ("units_sold", "unit_price", "discount", "on_promotion")] == [
        None
    ] * 4
    assert quarantined["on_hand"] == 1.0
    # The row without a readable date cannot be placed: its date is like any date that is missing.
    assert by_key["S1", "B", 1]["units_sold"] == 0.0
    assert by_key["S1", "A", 0]["on_hand"] is None


def test_a_good_row_of_the_same_key_goes_before_a_bad_one(tmp_path: Path) -> None:
    content = good_folder()
    for values in content["sales_data"].values():
        values.append(values[1])
    content["sales_data"]["units_sold"][1] = -1
    rows, report = read_rows(write_folder(tmp_path, content), TOLERANT)
    assert rows.num_rows == 12
    assert rows["units_sold"].to_pylist()[1] == 1.0
    assert report.rejected_rows == {"sales_data": 1}


def test_of_duplicates_the_first_stays(tmp_path: Path) -> None:
    content = good_folder()
    for values in content["sales_data"].values():
        values.append(values[1])
    content["sales_data"]["units_sold"][12] = 40.0
    for values in content["products"].values():
        values.append(values[0])
    content["products"]["lead_time"][2] = 9
    options = DataOptions(quarantine=0.5)
    read = read_folder(write_folder(tmp_path / "in", content), options, tmp_path / "quarantine")
    rows, report = read.rows, read.report
    assert rows["units_sold"].to_pylist()[1] == 1.0
    assert set(rows["lead_time"].to_pylist()) == {2, 4}
    assert report.rejected_rows == {"sales_data": 1, "products": 1}
    quarantined = pd.read_csv(tmp_path / "quarantine" / "sales_data.csv", dtype=str)
    assert quarantined[["row", "date", "store_id", "units_sold"]].iloc[0].tolist() == [
        "13",
        "2024-01-02",
        "S1",
        "40",
    ]


def test_of_contradictory_rows_that_of_the_store_is_set_aside(tmp_path: Path) -> None:
    content = good_folder()
    of_a_store("holding_cost", "shortage_cost", "S2")(content)
    content["products"]["lead_time"][2] = 9
    read = read_folder(
        write_folder(tmp_path / "in", content), DataOptions(quarantine=0.5), tmp_path / "quarantine"
    )
    assert set(read.rows["lead_time"].to_pylist()) == {2, 4}
    assert read.report.rejected_rows == {"products": 1}
    quarantined = pd.read_csv(tmp_path / "quarantine" / "products.csv", dtype=str)
    assert quarantined[["row", "product_id", "store_id", "lead_time"]].to_numpy().tolist() == [
        ["3", "A", "S2", "9"]
    ]
    assert "both 0" in quarantined.reason[0]


def test_dates_are_set_aside_as_they_are_written(tmp_path: Path) -> None:
    content = good_folder()
    sold_for_a_time("2024-03-05", "2024-03-04")(content)
    of_a_store("holding_cost", "shortage_cost", "S2")(content)
    folder = write_folder(tmp_path / "in", content)
    read = read_folder(folder, DataOptions(quarantine=1.0), tmp_path / "quarantine")
    assert read.report.rejected_rows == {"products": 2}
    quarantined = pd.read_csv(tmp_path / "quarantine" / "products.csv", dtype=str)
    assert quarantined[["row", "active_from", "active_until"]].fillna("").to_numpy().tolist() == [
        ["2", "2024-03-05", "2024-03-04"],
        ["3", "", ""],
    ]


def test_too_many_bad_rows_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    options = DataOptions(quarantine=0.1)
    with pytest.raises(DataRejected) as refusal:
        read_folder(invalid_folder(tmp_path / "in"), options, tmp_path / "quarantine")
    assert not (tmp_path / "quarantine").exists()
    # 1 of 12 rows of the inventory is bearable, 2 of 12 of the sales are not.
    assert {p.file for p in refusal.value.problems} == {"sales_data.csv"}
    assert all(
        "(2 of 12 rows of sales_data are bad, more than the quarantine's 10.00%)" in p.message
        for p in refusal.value.problems
    )


def test_the_stated_share_itself_is_bearable(tmp_path: Path) -> None:
    content = good_folder()
    for row in range(3):
        content["sales_data"]["units_sold"][row] = -1
    assert read_rows(write_folder(tmp_path, content), TOLERANT)[1].rejected_rows == {"sales_data": 3}


def test_a_fault_of_the_whole_file_is_refused_all_the_same(tmp_path: Path) -> None:
    content = good_folder()
    del content["inventory_levels"]["date"]
    with pytest.raises(DataRejected, match="the required column is missing"):
        read_rows(write_folder(tmp_path, content), DataOptions(quarantine=1.0))


def test_nothing_left_is_refused_with_the_reasons_of_the_rows(tmp_path: Path) -> None:
    content = good_folder()
    content["sales_data"]["date"] = ["soon"] * 12
    with pytest.raises(DataRejected, match="no row is left after the bad rows were set aside") as refused:
        read_rows(write_folder(tmp_path, content), DataOptions(quarantine=1.0))
    assert "column date: a date is not ISO 8601 (12 rows) [row 1: 'soon'" in str(refused.value)


def test_ragged_rows_go_aside_with_their_text(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in", good_folder())
    with (folder / "sales_data.csv").open("a") as file:
        file.write("2024-01-09,S1\n")
    report = read_folder(folder, TOLERANT, tmp_path / "quarantine").report
    quarantined = pd.read_csv(tmp_path / "quarantine" / "sales_data.csv", dtype=str)
    assert quarantined[["row", "reason"]].to_numpy().tolist() == [
        ["13", "not one value for each column: 2024-01-09,S1"]
    ]
    assert report.read_rows["sales_data"] == 13


def test_a_weekly_row_off_the_grid_goes_aside_without_touching_its_neighbour(tmp_path: Path) -> None:
    content = good_folder(step=7)
    content["sales_data"]["date"][1] = "2024-01-03"
    rows, _ = read_rows(write_folder(tmp_path, content), DataOptions(frequency="W", quarantine=0.25))
    assert rows["date"].to_pylist()[:3] == [19723, 19730, 19737]
    assert rows["units_sold"].to_pylist()[:3] == [0.0, 0.0, 2.0]
    assert rows["unit_price"].to_pylist()[0] == 2.5


def test_files_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    read_folder(invalid_folder(tmp_path / "in"), TOLERANT, tmp_path / "quarantine")
    write_csv(tmp_path / "in" / "inventory_levels.csv", good_folder()["inventory_levels"])
    read_folder(tmp_path / "in", TOLERANT, tmp_path / "quarantine")
    assert [p.name for p in (tmp_path / "quarantine").iterdir()] == ["sales_data.csv"]


def test_a_failing_write_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(table: object, path: Path) -> None:
        path.write_text("half")
        raise OSError("no space left")

    monkeypatch.setattr("pyarrow.csv.write_csv", fail)
    with pytest.raises(OSError, match="no space left"):
        read_folder(invalid_folder(tmp_path / "in"), TOLERANT, tmp_path / "quarantine")
    assert list((tmp_path / "quarantine").iterdir()) == []
