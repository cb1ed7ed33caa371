"""The figures of the closing summary that are worked out from others."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pipeline.config import GateOptions
from pipeline.runner import NodeResult
from pipeline.summary import _checks, _data, _status, _without_nan, write_summary

GATE = GateOptions(demand_skill=0.1, loss_margin=0.05)
BLESSED = {"a": {"blessed": True}, "b": {"blessed": True}}


@pytest.mark.parametrize(
    ("states", "models", "status"),
    [
        (["ran", "cached"], BLESSED, "pushed"),
        (["ran", "ran"], BLESSED | {"b": {"blessed": False}}, "refused_model"),
        (["ran", "refused", "skipped"], BLESSED, "refused_data"),
        (["ran", "failed", "skipped"], BLESSED, "failed"),
        (["ran", "skipped"], BLESSED, "failed"),
    ],
)
def test_the_status_follows_from_the_nodes_and_the_verdicts(states, models, status) -> None:  # type: ignore[no-untyped-def]
    assert _status([NodeResult(str(i), state) for i, state in enumerate(states)], models) == status


def test_without_a_baseline_there_is_one_check() -> None:
    (check,) = _checks("demand_forecasting", {"skill_seasonal_naive": 0.25, "wape": 0.3}, GATE)
    assert check["passed"] and check["margin"] == pytest.approx(0.15)


def test_the_change_is_told_relative_to_the_latest_blessed_model() -> None:
    figures = {"skill_seasonal_naive": 0.05, "wape": 0.33, "wape_diff": 0.03}
    value, change = _checks("demand_forecasting", figures, GATE)
    assert not value["passed"] and value["margin"] == pytest.approx(-0.05)
    assert change["value"] == pytest.approx(0.1) and not change["passed"]


def test_a_figure_that_is_no_number_fails_its_check_and_is_null_in_json(tmp_path: Path) -> None:
    (check,) = _checks("demand_forecasting", {"skill_seasonal_naive": math.nan}, GATE)
    assert not check["passed"]
    path = write_summary(_without_nan({"checks": [check]}), tmp_path / "run")
    assert json.loads(path.read_text())["checks"][0]["value"] is None
    assert [found.name for found in path.parent.iterdir()] == ["summary.json"]


def test_a_batch_that_the_gate_refused_keeps_its_checks_and_tells_its_warnings() -> None:
    row = {"store_id": "S01", "product_id": None, "date": "2024-05-01", "value": 5.0}
    check = {
        "check": "frozen",
        "feature": "temperature",
        "value": 20.0,
        "threshold": 13.0,
        "margin": -7.0,
        "verdict": "warn",
        "reason": "one value",
        "rows": [row],
    }
    stop = check | {"check": "restated", "verdict": "stop"}
    data = _data(
        {}, [NodeResult("StatisticsGen", "ran"), NodeResult("DataGate", "refused", checks=[stop, check])]
    )
    assert data["checks"] == [stop, check]
    assert data["warnings"] == [
        "temperature: frozen, value 20 (at most 13): one value [S01 2024-05-01: 5.0]",
    ]
