from __future__ import annotations

from pathlib import Path

import pytest

from components.example_generation.contract import PRODUCTS
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.cases import CASES, TOGETHER, Case, put
from tests.components.example_generation.folders import good_folder, planned_note, write_folder


@pytest.mark.parametrize(
    ("case", "form"),
    [pytest.param(case, form, id=f"{case.name}-{form}") for case in CASES for form in case.forms],
)
def test_an_invalid_file_is_refused_with_the_place_and_the_remedy(
    case: Case, form: str, tmp_path: Path
) -> None:
    content = good_folder(step=7 if case.weekly else 1)
    case.spoil(content)
    write_folder(tmp_path, content, form)

    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path, DataOptions(frequency="W" if case.weekly else "D"))

    assert [str(p) for p in refusal.value.problems] == [case.message.format(form=form, folder=tmp_path)]


def test_the_cases_are_many_and_distinct() -> None:
    assert len({case.message for case in CASES}) >= 25


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_all_problems_of_all_files_come_in_one_report(form: str, tmp_path: Path) -> None:
    content = good_folder()
    spoiled = [case for case in CASES if case.name in TOGETHER]
    for case in spoiled:
        case.spoil(content)
    write_folder(tmp_path, content, form)

    with pytest.raises(DataRejected) as refusal:
        read_rows(tmp_path)

    found = {str(p) for p in refusal.value.problems}
    assert found == {case.message.format(form=form) for case in spoiled}
    assert len(found) == len(TOGETHER)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("step", [1, 7])
def test_a_good_folder_is_accepted(form: str, step: int, tmp_path: Path) -> None:
    rows, report = read_rows(
        write_folder(tmp_path, good_folder(step), form), DataOptions(frequency="W" if step == 7 else "D")
    )
    assert rows.num_rows == 12
    assert (report.rejected_rows, report.fallbacks, report.notes) == ({}, (), (planned_note(step),))


def test_a_maximum_below_the_minimum_is_no_fault(tmp_path: Path) -> None:
    content = good_folder()
    put(PRODUCTS, "maximum_order_quantity", (2, 1))(content)
    rows, _ = read_rows(write_folder(tmp_path, content))
    assert set(rows["maximum_order_quantity"].to_pylist()) == {None, 1.0}
