"""The DAGs against the pipeline that was compiled, and against what operations need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from retail.description import read
from retail.settings import settings
from retail.tasks import POOL
from shop import ROOT

Dags = dict[str, Any]
HEAVY = {"Transform", "DemandTrainer", "ReplenishmentTrainer", "plan"}


def test_training_has_a_task_for_each_node_with_the_pipelines_edges(dags: Dags, description: Path) -> None:
    nodes = {node["id"]: set(node["upstream"]) for node in json.loads(description.read_text())["nodes"]}
    training = dags["training"]
    assert set(training.task_ids) == {*nodes, "begin", "finish"}
    for node, upstream in nodes.items():
        assert training.get_task(node).upstream_task_ids == (upstream or {"begin"})
    assert training.get_task("finish").upstream_task_ids == set(nodes)
    assert len(nodes) == 19


def test_planning_has_what_the_data_gate_needs_and_then_plans(dags: Dags) -> None:
    planning = dags["planning"]
    gate = {"ImportSchemaGen", "RetailExampleGen", "StatisticsGen", "TrainedRows", "DataGate"}
    assert set(planning.task_ids) == gate | {"begin", "actuals", "plan", "retraining", "finish"}
    assert "DataGate" in planning.get_task("actuals").upstream_task_ids
    assert planning.get_task("plan").upstream_task_ids == {"actuals"}
    assert planning.get_task("retraining").upstream_task_ids == {"actuals"}
    assert planning.get_task("retraining").downstream_task_ids == set()
    assert planning.get_task("finish").upstream_task_ids == gate | {"plan"}
    assert planning.get_task("finish").trigger_rule == "all_done"


def test_where_new_pairs_are_challengers_planning_decides_and_no_monday_replaces_them(
    dags: Dags, description: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    content = json.loads(description.read_text()) | {"challengers": True}
    (tmp_path / "pipeline.json").write_text(json.dumps(content))
    monkeypatch.setenv("AIRFLOW__RETAIL__DESCRIPTION", str(tmp_path / "pipeline.json"))
    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    planning, training = (bag.dags[name] for name in ("planning", "training"))
    assert set(planning.task_ids) == {*dags["planning"].task_ids, "challenger"}
    decides = planning.get_task("challenger")
    assert decides.upstream_task_ids == {"actuals"} and decides.downstream_task_ids == set()
    assert not decides.outlets and set(decides.skipped) == {4}
    assert "challenger" in decides.command and "--run" in decides.command
    assert {asset.name for asset in training.timetable.asset_condition.objects} == {"retraining"}
    assert not hasattr(training.timetable, "timetable"), "it has no time of its own"


@pytest.mark.parametrize("name", ["training", "planning"])
def test_what_every_dag_and_task_has(dags: Dags, name: str) -> None:
    dag: DAG = dags[name]
    assert dag.max_active_runs == 1 and dag.catchup is False and dag.doc_md and dag.dagrun_timeout
    for task in dag.tasks:
        assert task.doc_md, task.task_id
        assert task.pool == POOL and task.retries == 2 and task.retry_exponential_backoff
        assert task.execution_timeout and task.on_failure_callback
        assert set(task.final) == {2, 3} and set(task.skipped) == {4}
        assert task.pool_slots == (
            2 if task.task_id in ("Transform", "DemandTrainer", "ReplenishmentTrainer", "plan") else 1
        )


def test_a_dag_that_is_switched_on_does_not_make_up_for_its_last_time(dags: Dags) -> None:
    for dag in dags.values():
        assert dag.timetable.timetable.run_immediately.total_seconds() == 0


def test_assets_tie_the_dags_together(dags: Dags) -> None:
    made = {asset.name for dag in dags.values() for task in dag.tasks for asset in task.outlets}
    assert made == {"model_pair", "plan", "retraining"}
    assert [task.task_id for task in dags["planning"].tasks if task.tells] == ["retraining"]
    wanted = {
        name: {asset.name for asset in dag.timetable.asset_condition.objects} for name, dag in dags.items()
    }
    assert wanted == {"training": {"retraining"}, "planning": {"sales_data", "model_pair"}}


def test_parameters_are_checked_by_their_schema(dags: Dags) -> None:
    params = dags["training"].params
    for name, good, bad in (
        ("as_of", "2026-01-31", 7),
        ("re_baseline", "new assortment", None),
        ("because", "new assortment", None),
    ):
        params[name] = good
        with pytest.raises(Exception, match="Invalid input"):
            params[name] = bad


def test_task_groups_are_the_parts_of_the_house(dags: Dags) -> None:
    groups = dags["training"].task_group.children
    assert [name for name in groups if name not in ("begin", "finish")] == [
        "data", "windows", "models", "judgement", "serving",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "call 'retail-inventory compile' for this workspace"), ("{}", "call 'retail-inventory compile' again"),
     ("[1", "call 'retail-inventory compile' again")],
)  # fmt: skip
def test_a_description_that_is_not_there_or_none_is_said(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "pipeline.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("DESCRIPTION", "", r"names no \[retail\] description"), ("RUNNER", "docker", "is none of process, kubernetes"),
     ("RUNNER", "kubernetes", "also needs image, volume_claim, volume_path")],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_named(
    monkeypatch: pytest.MonkeyPatch, description: Path, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__RETAIL__{name}", value)
    with pytest.raises(ValueError, match=said):
        settings()
