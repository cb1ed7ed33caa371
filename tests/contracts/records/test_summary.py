"""What is written is what is read, whatever a summary holds and whichever release wrote it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.errors import Problem, UserError
from contracts.models import DEMAND, REPLENISHMENT
from contracts.records.summary import Summary
from tests.contracts.records.made_up import component, feature_check, model, model_check, summary
from tests.places import ROOT

ROW = {"store_id": "S01", "product_id": None, "date": "2024-05-01", "value": "a\udc80"}
PROBLEM = Problem(
    "sales_data.csv", "negative_units", "is negative", "Mend it", "units_sold", 2, (3,), ("-1",)
)
CHECKED = {"demand_forecasting": model(False, checks=[model_check("demand_forecasting", remedy="Mend it")])}
SUMMARIES = {
    "nothing": summary(),
    "everything": summary(
        status="refused_model",
        data={
            "fallbacks": [{"what": "no products", "used": "lead_time: 3"}],
            "checks": [feature_check("price", rows=[ROW])],
            "problems": [PROBLEM],
        },
        components=[component("Transform", "failed", reason="a folder that is no UTF-8: \udcff")],
        models=summary().models | CHECKED,
        simulation={"clairvoyant": {"total_cost": 1.0}, "model": {"total_cost": 2.0, "fill_rate": math.nan}},
    ),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_it_is_read_as_it_was_written_and_keeps_its_schema(name: str, tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text(SUMMARIES[name].to_json())
    assert Summary.read(path) == SUMMARIES[name]
    schema = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
    jsonschema.validate(json.loads(path.read_text()), schema)


def test_what_nothing_is_known_of_is_null_and_what_does_not_apply_is_absent() -> None:
    simulated = json.loads(SUMMARIES["everything"].to_json())["simulation"]
    assert simulated == {"clairvoyant": {"total_cost": 1.0}, "model": {"total_cost": 2.0, "fill_rate": None}}


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def test_a_summary_without_a_version_lacks_what_came_later(tmp_path: Path) -> None:
    content = json.loads(SUMMARIES["everything"].to_json())
    old = without(content, "version", "simulation")
    old["data"] = without(content["data"], "checks")
    old["components"] = [without(component, "reason") for component in content["components"]]
    checks = [{"check": "skill", "value": 0.1, "bound": 0.0, "margin": 0.1, "passed": True}]
    old["models"] = {
        name: {**without(model, "stage"), "standing": "withdrawn", "checks": checks}
        for name, model in content["models"].items()
    }
    del old["models"][DEMAND]["standing"]
    (tmp_path / "summary.json").write_text(json.dumps(old))
    found = Summary.read(tmp_path / "summary.json")
    assert found.version == 1
    assert (found.simulation, found.checks, found.components[0].reason) == ({}, [], "")
    assert (found.models[DEMAND].stage, found.models[REPLENISHMENT].stage) == (None, "withdrawn")
    assert found.data.problems == (PROBLEM,)


@pytest.mark.parametrize("content", ["", "[]", '{"status": 3}', '{"version": 2}'])
def test_what_is_no_summary_of_this_release_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(UserError, match="is no summary that this release reads"):
        Summary.read(tmp_path / "summary.json")


def test_an_unknown_field_is_refused() -> None:
    content = json.loads(SUMMARIES["everything"].to_json())
    content["components"][0]["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        Summary.model_validate(content)


def test_each_remedy_is_told_once_and_of_stopped_checks_alone() -> None:
    stopped = model_check("a", remedy="Give more history")
    passed = model_check("a", "pass", remedy="Nothing")
    lists = {"a": [stopped, passed, stopped], "b": [stopped, model_check("b")]}
    models = {name: model(False, checks=checks) for name, checks in lists.items()}
    assert summary(models=models).remedies == ["Give more history"]
