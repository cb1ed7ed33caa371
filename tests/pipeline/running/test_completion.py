"""The end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2

from contracts.records.summary import Status
from pipeline.config import Config
from pipeline.node_result import NodeResult
from pipeline.publication.choice import chosen
from pipeline.running.completion import _keep_for_publication, _write_page, exit_code
from pipeline.workspace import Workspace
from tests.contracts.records.made_up import summary


def test_a_page_that_cannot_be_written_is_told_and_changes_nothing_else(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.page("r1").mkdir(parents=True)
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(tmp_path / "metadata.sqlite")

    warning = _write_page(summary(), workspace, config)

    assert "could not be written (IsADirectoryError" in warning
    assert "retail-inventory report --run r1" in warning
    assert [path.name for path in workspace.report("r1").iterdir()] == ["index.html"]


def test_roll_backs_know_where_the_run_published(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    config = Config.model_validate({"publication": {"address": "s3://bucket/prefix", "region": "eu-west-1"}})
    assert _keep_for_publication(workspace, config) == ""
    assert chosen(workspace) == config.publication
    assert "nothing is published to the object store any more" in _keep_for_publication(workspace, Config())
    workspace.publication.rmdir()
    workspace.publication.write_text("")
    assert "where to publish could not be written down" in _keep_for_publication(workspace, config)


@pytest.mark.parametrize(
    ("status", "failed", "code"),
    [
        ("pushed", [], 0),
        ("failed", [False], 1),
        ("failed", [True], 2),
        ("failed", [True, False], 1),
        ("failed", [], 1),
        ("refused_data", [], 3),
        ("refused_model", [], 3),
    ],
)
def test_an_exit_code_says_who_can_mend_it(status: Status, failed: list[bool], code: int) -> None:
    results = [NodeResult("StatisticsGen", "ran"), NodeResult("ModelGate", "skipped")]
    results += [NodeResult(f"node {i}", "failed", by_user=by_user) for i, by_user in enumerate(failed)]
    assert exit_code(status, results) == code
