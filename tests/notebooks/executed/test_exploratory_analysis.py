"""The notebook from a clean kernel: with a pair, and where there is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tests.pipeline.small import Small
from tests.places import ROOT

NOTEBOOK = ROOT / "notebooks" / "exploratory_analysis.ipynb"
SECONDS = 600
PROTOTYPE = "prototype"
"""Tag of the cells that train."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    made = Small(tmp_path_factory.mktemp("shop"))
    done = made.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def executed(
    settings: Mapping[str, str], keep: Callable[[NotebookNode], bool] = lambda cell: True
) -> NotebookNode:
    """The notebook after a run of the cells to keep, in a new kernel."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if keep(cell)]
    client = NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    return client.execute(env=os.environ | settings)


def settings_of(small: Small, workspace: Path) -> dict[str, str]:
    return {
        "RETAIL_DATA": str(small.data),
        "RETAIL_WORKSPACE": str(workspace),
        "RETAIL_CONFIG": str(small.config),
    }


def outputs(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def printed(notebook: NotebookNode, cell: str) -> str:
    return "".join(found.text for found in outputs(notebook)[cell] if found.output_type == "stream")


def pictures(notebook: NotebookNode) -> set[str]:
    return {
        cell
        for cell, found in outputs(notebook).items()
        if any("image/png" in output.get("data", {}) for output in found)
    }


def warned(notebook: NotebookNode) -> list[str]:
    every = [output for found in outputs(notebook).values() for output in found]
    return [output.text for output in every if output.get("name") == "stderr"]


def test_shows_everything_of_a_pair(small: Small) -> None:
    notebook = executed(settings_of(small, small.workspace))
    assert warned(notebook) == []
    assert pictures(notebook) == {
        "totals", "seasons", "lifts", "censored", "distributions", "forecast", "explained", "levels", "frontier",
        "verdict",
    }  # fmt: skip
    sales = pd.read_csv(small.data / "sales_data.csv")
    truth = pd.read_parquet(small.data / "true_demand" / "true_demand.parquet")
    said = printed(notebook, "hidden")
    assert f"units sold {sales.units_sold.sum():,}" in said
    assert f"true demand {truth.demand.sum():,}" in said
    # What sold most is a mean over stocked days, as pandas has it from the files.
    stocked = sales[sales.in_stock >= 1].groupby(["store_id", "product_id"]).units_sold.mean()
    best: tuple[str, str] = stocked.idxmax()  # type: ignore[assignment]
    line = "".join(output.data["text/plain"] for output in outputs(notebook)["explained"] if "data" in output)
    assert all(name in line for name in best)
    found = [output.data["text/plain"] for output in outputs(notebook)["anomalies"] if "data" in output]
    assert "lead_time" not in found[0] and "unit_price" not in found[0]
    assert "lead_time" in found[1] and "unit_price" in found[1]
    assert "payday: " in printed(notebook, "verdict").splitlines()[-1]


def test_says_what_to_run_where_no_pair_is(small: Small, tmp_path: Path) -> None:
    notebook = executed(
        settings_of(small, tmp_path), lambda cell: PROTOTYPE not in cell.metadata.get("tags", [])
    )
    assert warned(notebook) == []
    assert f"retail-inventory run --data {small.data} --workspace {tmp_path}" in printed(notebook, "pair")
    assert {"forecast", "distributions"} <= pictures(notebook)
    assert not {"explained", "levels", "frontier"} & pictures(notebook)


def test_a_cell_that_fails_is_a_failure(small: Small) -> None:
    wrong = settings_of(small, small.workspace) | {"RETAIL_DATA": str(small.root / "nowhere")}
    with pytest.raises(CellExecutionError, match="nowhere"):
        executed(wrong, lambda cell: cell.id in ("parameters", "imports", "read"))
