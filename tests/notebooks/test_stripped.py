"""Notebooks in git are source alone: outputs are large, differ each time, and may hold a retailer's figures."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_some() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["exploratory_analysis"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_holds_no_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    ran = [
        cell.id
        for cell in notebook.cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]
    assert ran == [], f"call: .venv/bin/jupyter nbconvert --clear-output --inplace {path.relative_to(ROOT)}"
    # Whoever opens it has the kernel of the environment that `make notebook` starts.
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
