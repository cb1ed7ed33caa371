"""Lint, the quick tests and the sample's model to their end, and that each fails where it has to."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import find_system

from contracts.records.summary import SUMMARY_FILE, Summary
from tests.deploy.gitlab.local.runner import Ended, Runner
from tests.places import ROOT

# Of the two jobs that differ in their image alone, the one whose stack loads here.
NEWER = find_system.wanted_pythons(find_system.c_library()) == find_system.NEWER_PYTHONS
TESTS = "test-newer" if NEWER else "test-older"


def said(ended: Ended) -> str:
    """Its last lines, for who has to find out why."""
    return ended.output[-8000:]


def counts(report: Path) -> dict[str, int]:
    """Of a JUnit file with one suite."""
    (suite,) = ElementTree.parse(report).getroot()
    return {name: int(suite.attrib[name]) for name in ("tests", "skipped", "failures", "errors")}


def test_lint_ends_well(runner: Runner) -> None:
    ended = runner.job("lint")
    assert ended.code == 0, said(ended)
    for line in ("All checks passed!", "Success: no issues found", "0 broken"):
        assert line in ended.output, said(ended)


def test_lint_fails_at_a_planted_fault(planted: Runner) -> None:
    with (planted.clone / "inventory" / "rounding.py").open("a") as file:
        file.write("import json\n")
    ended = planted.job("lint")
    assert ended.code != 0 and re.search(r"FAIL.* lint", ended.output), said(ended)
    assert "F401" in ended.output and "inventory/rounding.py" in ended.output, said(ended)


def test_the_quick_tests_end_well_and_leave_both_reports(runner: Runner) -> None:
    ended = runner.job(TESTS)
    assert ended.code == 0, said(ended)
    found = counts(ended.artifacts / "build" / "junit.xml")
    assert found["tests"] - found["skipped"] > 1000 and found["failures"] == found["errors"] == 0, found
    coverage = ElementTree.parse(ended.artifacts / "build" / "coverage.xml").getroot()
    names = {one.attrib["filename"] for one in coverage.iter("class")}
    assert "inventory/rounding.py" in names and all((ROOT / name).is_file() for name in names), names
    # The number that a merge request shows, which the job's expression finds in its log.
    shown = re.search(rf"PASS.* {TESTS}.* (\d+)% ", ended.output)
    covered = int(coverage.attrib["lines-covered"]) / int(coverage.attrib["lines-valid"])
    assert shown and shown[1] == f"{100 * covered:.0f}", (covered, said(ended))


def test_a_test_that_fails_is_in_the_report_of_a_job_that_fails(planted: Runner) -> None:
    planted.git("rm", "-rq", "tests")
    planted.git("checkout", "-q", "HEAD", "--", "tests/__init__.py", "tests/conftest.py", "tests/places.py")
    one = planted.clone / "tests" / "test_planted.py"
    one.write_text("def test_one() -> None:\n    assert 1 == 2\n\n\ndef test_other() -> None:\n    pass\n")
    planted.git("add", str(one))
    ended = planted.job(TESTS)
    assert ended.code != 0 and re.search(rf"FAIL.* {TESTS}", ended.output), said(ended)
    assert counts(ended.artifacts / "build" / "junit.xml") == {
        "tests": 2, "skipped": 0, "failures": 1, "errors": 0,
    }  # fmt: skip


def test_the_samples_model_is_blessed_and_leaves_its_page(runner: Runner) -> None:
    ended = runner.job("model")
    assert ended.code == 0, said(ended)
    (summary,) = (ended.artifacts / "workspace" / "reports").glob(f"*/{SUMMARY_FILE}")
    assert Summary.read(summary).status == "pushed"
    page = (summary.parent / "index.html").read_text()
    assert summary.parent.name in page and page.rstrip().endswith("</html>")
