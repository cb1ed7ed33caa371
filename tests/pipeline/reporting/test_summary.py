"""The metrics of the closing summary that are worked out from others."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from contracts.records.summary import ModelSummary, Status
from pipeline.node_result import NodeResult
from pipeline.reporting.summary import _data, _reasons, _status, write_summary
from tests.contracts.records.made_up import feature_check, model, model_check, summary

BLESSED = {name: model(True, stage="stable") for name in "ab"}


@pytest.mark.parametrize(
    ("states", "models", "status"),
    [
        (["ran", "cached"], BLESSED, "pushed"),
        (["ran", "ran"], {name: model(True, stage="canary") for name in "ab"}, "pushed"),
        (["ran", "ran"], BLESSED | {"b": model(False)}, "refused_model"),
        (
            ["ran", "ran"],
            {name: model(True, stage="withdrawn") for name in "ab"},
            "refused_model",
        ),
        (["ran", "refused", "skipped"], BLESSED, "refused_data"),
        (["ran", "failed", "skipped"], BLESSED, "failed"),
        (["ran", "skipped"], BLESSED, "failed"),
    ],
)
def test_the_status_follows_from_the_nodes_and_the_verdicts(
    states: list[str], models: dict[str, ModelSummary], status: Status
) -> None:
    assert _status([NodeResult(str(i), state) for i, state in enumerate(states)], models) == status


def test_a_refused_model_tells_its_own_reasons_and_its_partner_that_they_are_a_pair() -> None:
    stopped = model_check("a")
    assert _reasons("a", [stopped], None) == ["skill: must be at least 0"]
    assert _reasons("b", [stopped], None) == ["the models are pushed as a pair, and a was refused"]
    assert _reasons("a", [], "stable") == []
    assert "rolled back" in _reasons("a", [], "withdrawn")[0]


def test_a_figure_that_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    unknown = feature_check("price", value=math.nan)
    path = write_summary(summary(data={"checks": [unknown]}), tmp_path / "run")
    assert json.loads(path.read_text())["data"]["checks"][0]["value"] is None
    assert [found.name for found in path.parent.iterdir()] == ["summary.json"]


def test_a_batch_that_the_gate_refused_keeps_its_checks_and_tells_its_warnings() -> None:
    row = {"store_id": "S01", "product_id": None, "date": "2024-05-01", "value": 5.0}
    measured: dict[str, Any] = {
        "value": 20.0,
        "threshold": 13.0,
        "margin": -7.0,
        "reason": "one value",
        "rows": [row],
    }
    check = feature_check("temperature", "warn", check="frozen", **measured)
    stop = feature_check("temperature", check="restated", **measured)
    refused = NodeResult("DataGate", "refused", checks=[stop, check])
    data = _data({}, [NodeResult("StatisticsGen", "ran"), refused])
    assert data.checks == (stop, check)
    assert data.warnings == ("temperature: frozen, value 20 (at most 13): one value [S01 2024-05-01: 5.0]",)
