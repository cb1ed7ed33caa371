"""The page of the benchmarks: made of what was measured, and of nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.harness.report import Report
from tests.places import ROOT

DOCS = ROOT / "docs"


def test_the_committed_page_is_what_its_results_make(tmp_path: Path) -> None:
    shutil.copytree(DOCS / "benchmarks", tmp_path / "benchmarks")
    page.write(tmp_path / "benchmarks", tmp_path / "benchmarks.md")
    assert (tmp_path / "benchmarks.md").read_text() == (DOCS / "benchmarks.md").read_text()


def test_every_result_and_every_picture_has_its_place() -> None:
    text = (DOCS / "benchmarks.md").read_text()
    for path in (DOCS / "benchmarks").iterdir():
        assert f"](benchmarks/{path.name})" in text, path.name


def test_a_report_becomes_a_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.harness.report.RESULTS", tmp_path)
    report = Report("simulation")
    report.table("Some title", ["", "seconds"], [["vectorised", "0.25"], ["plain loop", "31.00"]])
    report.note("a hundred times")
    report.write({"seconds": 0.25})

    text = page.page(tmp_path)

    assert "| vectorised | 0.25 |" in text and "- a hundred times" in text
    assert "python -m benchmarks.simulation" in text and "## Simulation" in text
    assert "## Growth" not in text
    printed = capsys.readouterr().out
    assert "Some title" in printed and "  plain loop    31.00" in printed
    assert json.loads((tmp_path / "simulation.json").read_text())["seconds"] == 0.25


@pytest.mark.parametrize("name", [name for names in page.SECTIONS.values() for name in names])
def test_every_section_has_the_words_of_its_benchmark(name: str) -> None:
    assert "python -m benchmarks." in page._about(page._module(name))
