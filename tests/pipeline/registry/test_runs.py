"""What MLflow is told of a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import DEMAND, MODELS
from pipeline.config import Config
from pipeline.registry.runs import keep_for_registry, metric_name, run_as_told, told_runs
from pipeline.reporting.summary import write_summary
from pipeline.workspace import Workspace
from tests.contracts.records.made_up import model, summary

RUN = "20260307T020000Z-1a2b"


def test_a_run_has_its_settings_metrics_by_slice_cost_and_data(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    schema = tmp_path / "schema.pbtxt"
    schema.write_text("feature {}")
    whole = model(
        True,
        metrics={"wape": 0.25, "bias": None, "coverage": {"0.9": 0.88}},
        slices={"store_id=S01": {"wape": 0.3}},
        baselines={"seasonal_naive": {"wape": 0.5}},
        pushed_version=7,
    )
    simulation = {"forecast_plan": {"total_cost": 12.5, "by": {"S01": {"total_cost": 1.0}}}}
    planning = {"policy": "forecast_plan", "against_base_stock": [-0.1, -0.2, None]}
    written = summary(
        run_id=RUN, models=dict.fromkeys(MODELS, whole), simulation=simulation, planning=planning
    )
    write_summary(written, workspace.report(RUN))
    config = Config.model_validate(
        {"database_url": "postgresql://me:secret@db/x", "windows": {"horizon": 21}}
    )
    keep_for_registry(workspace, RUN, config, schema)

    told = run_as_told(workspace, RUN)

    assert told.status == "FINISHED" and told.began == 1772848800
    assert told.parameters["windows.horizon"] == "21" and told.parameters["data.missing_dates"]
    assert "secret" not in str(told.parameters) and not any("registry" in name for name in told.parameters)
    assert {
        f"{DEMAND}/wape": 0.25,
        f"{DEMAND}/coverage/0.9": 0.88,
        f"{DEMAND}/store_id:S01/wape": 0.3,
        f"{DEMAND}/seasonal_naive/wape": 0.5,
        "simulation/forecast_plan/total_cost": 12.5,
        "planning/cost_against_base_stock/estimate": -0.1,
        "planning/cost_against_base_stock/low": -0.2,
    }.items() <= told.metrics.items()
    assert f"{DEMAND}/bias" not in told.metrics
    assert told.tags["schema_sha256"] == hashlib.sha256(b"feature {}").hexdigest()
    assert (told.tags["pair"], told.tags["data.last_date"], told.tags["data.span"]) == (
        "7",
        "2024-10-26",
        "1",
    )
    assert list(told.files) == ["report/summary.json"]


def test_a_run_whose_folder_is_gone_is_told_by_its_pair(tmp_path: Path) -> None:
    facts = {
        "settings": {"windows.history": 28},
        "metrics": {DEMAND: {"wape": 0.2}},
        "last_date": "2025-01-01",
    }
    told = run_as_told(Workspace(tmp_path), RUN, facts)
    assert (told.parameters, told.metrics) == ({"windows.history": "28"}, {f"{DEMAND}/wape": 0.2})
    assert told.tags == {"retail.run_id": RUN, "data.last_date": "2025-01-01"}


def test_a_run_that_failed_failed_there_too_and_the_newest_comes_first(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for run_id, status in ((RUN, "failed"), ("20260308T020000Z-1a2b", "refused_model")):
        write_summary(summary(run_id=run_id, status=status), workspace.report(run_id))
    assert told_runs(workspace) == ["20260308T020000Z-1a2b", RUN]
    assert [run_as_told(workspace, run_id).status for run_id in told_runs(workspace)] == [
        "FINISHED",
        "FAILED",
    ]


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_metrics_name_is_one_that_mlflow_takes_and_nobody_elses(one: str, other: str) -> None:
    # The rule of mlflow.utils.validation; a name is also a path, which may not be another way to write another one.
    made = metric_name(one)
    assert made and all(letter.isalnum() or letter in "_-. :" for letter in made)
    assert len(made) <= 120 and made.strip(". ") and not made.startswith("/")
    assert one.replace("=", ":") == other.replace("=", ":") or made != metric_name(other)
