"""The column follows of products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.example_generation.folder import read_folder
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import good_folder, write_folder


def folder(tmp_path: Path, follows: dict[str, str], form: str = "csv") -> Path:
    """A and B are sold; the others are only listed."""
    content: dict[str, Any] = good_folder()
    content["products"] = {"product_id": list(follows), "follows": list(follows.values())}
    return write_folder(tmp_path, content, form)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_predecessors_are_kept_beside_the_rows(form: str, tmp_path: Path) -> None:
    read = read_folder(folder(tmp_path, {"A": "", "B": "A", "C": "B", "D": "C"}, form))
    assert read.small.products is not None
    assert read.small.products["follows"].to_pylist() == ["", "A", "B", "C"]
    assert "follows" not in read.rows.column_names
    assert not any("follows" in fallback.what for fallback in read.report.fallbacks)


def test_a_predecessor_may_have_left_the_list(tmp_path: Path) -> None:
    read_folder(folder(tmp_path, {"B": "", "C": "A"}))


def test_a_circle_of_one_store_is_refused(tmp_path: Path) -> None:
    content: dict[str, Any] = good_folder()
    content["products"] = {
        "product_id": ["A", "B", "B", "A"],
        "store_id": ["", "", "S2", "S1"],
        "follows": ["B", "", "A", ""],
    }
    with pytest.raises(DataRejected) as refusal:
        read_folder(write_folder(tmp_path, content))
    (problem,) = refusal.value.problems
    assert (problem.rule, problem.rows) == ("follows_in_a_circle", (3,))


@pytest.mark.parametrize(
    ("follows", "rule", "rows"),
    [
        ({"A": "", "B": "B"}, "follows_itself", (2,)),
        ({"A": "B", "B": "A"}, "follows_in_a_circle", (1, 2)),
        ({"A": "C", "B": "", "C": "D", "D": "A", "E": "A"}, "follows_in_a_circle", (1, 3, 4)),
        ({"A": "", "B": "Z9"}, "follows_unknown", (2,)),
    ],
)
def test_predecessors_that_cannot_be_are_refused(
    follows: dict[str, str], rule: str, rows: tuple[int, ...], tmp_path: Path
) -> None:
    with pytest.raises(DataRejected) as refusal:
        read_folder(folder(tmp_path, follows))
    (problem,) = refusal.value.problems
    assert (problem.file, problem.column, problem.rule, problem.rows) == (
        "products.csv",
        "follows",
        rule,
        rows,
    )
    report = read_folder(tmp_path, DataOptions(quarantine=1.0)).report
    assert report.rejected_rows == {"products": len(rows)}
