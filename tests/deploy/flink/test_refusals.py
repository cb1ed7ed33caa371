"""Workers that would do other work, or see nothing of it, do not start, and it is said in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts import nodes
from pipeline.packages import rooms
from tests.deploy.flink.cluster import ENGINE, Flink
from tests.pipeline.small import Small
from tests.places import ROOT

RUN = "20260101T000000Z-1"


@pytest.fixture(scope="module")
def small(flink: Flink) -> Small:
    made = Small(flink.folder("refusals"))
    with made.config.open("a") as file:
        file.write(ENGINE)
    return made


def refused(flink: Flink, small: Small, workspace: Path, words: str, code: Path = ROOT) -> None:
    place = ["--workspace", str(workspace), "--run", RUN]
    found, said = flink.call(
        "compile", "--data", str(small.data), "--config", str(small.config), *place, code=code
    )
    assert found == 0, said
    found, said = flink.call("run-node", *place, "--node", nodes.EXAMPLE_GEN, code=code)
    assert found == 2 and words in said and "Traceback" not in said, said
    assert list((workspace / "artifacts" / nodes.EXAMPLE_GEN / "examples").glob("*")) == []
    assert flink.running() == []


def test_other_code(flink: Flink, small: Small, tmp_path: Path) -> None:
    for room in rooms():
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "components" / "windowing" / "cutting.py").open("a") as file:
        file.write("# another version\n")
    refused(flink, small, small.workspace, "a TaskManager has other code or packages", code=tmp_path)


def test_a_workspace_that_workers_do_not_see(flink: Flink, small: Small, tmp_path: Path) -> None:
    refused(flink, small, tmp_path / "workspace", "a TaskManager does not see the workspace or the data")


def test_no_job_server(flink: Flink, small: Small) -> None:
    elsewhere = small.root / "elsewhere.yaml"
    elsewhere.write_text(small.config.read_text().replace(":8099", ":8097"))
    given = ["--data", str(small.data), "--workspace", str(small.root / "other"), "--config", str(elsewhere)]
    code, said = flink.call("run", *given)
    told = " ".join(said.split())  # Lines are cut to a terminal's width.
    assert code == 1 and "engine.job_endpoint 127.0.0.1:8097: no job server answers there" in told, said
