"""What a person reads at the end of a run."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from contracts.errors import Problem
from contracts.models import MODELS
from contracts.records.summary import Summary
from pipeline.cli.output.closing import print_closing
from pipeline.workspace import Workspace
from serving.directory.pushing import push
from tests.contracts.records.made_up import component, model, model_check, summary
from tests.serving.pairs import make_pair

PROBLEM = Problem(
    "sales_data.csv", "negative_units", "is negative", "Mend it", "units_sold", 2, (3, 9), ("-1", "-2")
)


def printed(content: Summary, root: Path = Path("/w")) -> str:
    screen = io.StringIO()
    print_closing(Console(file=screen, width=200, markup=False), content, Workspace(root))
    assert not re.search(r"\[(/|bold|red|green|yellow)", screen.getvalue()), "styles are no markup"
    return screen.getvalue()


def test_refused_data_name_the_rows_and_the_remedy() -> None:
    text = printed(summary(status="refused_data", data={"rows": 0, "problems": [PROBLEM]}))
    assert str(PROBLEM) in text
    assert "refused_data" in text


def test_fallbacks_warnings_and_rows_set_aside_are_told() -> None:
    data = {
        "rejected_rows": 3,
        "fallbacks": [{"what": "no products", "used": "lead_time: 3"}],
        "warnings": ["event: new [S01 2024-05-01: fair]"],
        "notes": ["a column is not read"],
    }
    text = printed(summary(data=data))
    for expected in (
        "rows set aside as bad: 3, in /w/quarantine",
        "no products: lead_time: 3",
        "event: new [S01 2024-05-01: fair]",
        "not read",
    ):
        assert expected in text


def test_a_refused_model_says_by_what_margin_and_a_pushed_one_where_it_is() -> None:
    check = model_check(
        "demand_forecasting",
        slice="store_id=[S1]",
        value=-0.25,
        threshold=0.0,
        margin=-0.25,
        remedy="Give more [history]",
    )
    simulation = {
        "model": {"total_cost": 12345.6, "fill_rate": 0.5},
        "clairvoyant": {"total_cost": 10.0},
    }
    scores = {"wape": 0.5, "coverage": {"0.5": 0.48}}
    refused = model(False, metrics=scores, checks=[check, check], reasons=["skill: must be at least 0"])
    pushed = model(True, metrics={"cycle_cost": 1.25}, pushed_version=17)
    text = printed(
        summary(
            status="refused_model",
            models={"demand_forecasting": refused, "replenishment_optimization": pushed},
            simulation=simulation,
        )
    )
    assert [line.split() for line in text.splitlines() if "FAILED" in line] == [
        ["FAILED", "skill", "(store_id=[S1])", "-0.25", "0"]
    ] * 2
    assert text.count("what to do: Give more [history]\n") == 1
    assert "skill: must be at least 0" in text and "12,346" in text
    assert text.index("clairvoyant") < text.index("12,346")
    assert "50.00%" in text and "0.5: 48.00%" in text and "1.25" in text
    assert "/w/serving/replenishment_optimization/17" in text


def test_a_pair_that_is_only_tried_says_beside_and_instead_of_what(tmp_path: Path) -> None:
    versions = [
        push(tmp_path / "serving", make_pair(tmp_path / "pairs", name, 20), {}, keep=3, canary=True).version
        for name in "abc"
    ]
    tried = {name: model(True, stage="canary", pushed_version=versions[-1]) for name in MODELS}
    text = printed(summary(models=tried), tmp_path)
    assert f"canary: {tmp_path}/serving/{MODELS[0]}/{versions[-1]}" in text
    assert (
        f"pair {versions[0]} goes on serving; pair {versions[2]} is tried beside it, in the place of canary "
        f"{versions[1]}, which was not decided upon"
    ) in text


def test_a_failed_component_points_to_its_log() -> None:
    failed = component("Transform", "failed", reason="no space")
    text = printed(summary(status="failed", components=[failed]))
    assert "Transform failed: no space" in text
    assert "/w/logs/r1/Transform.log" in text
