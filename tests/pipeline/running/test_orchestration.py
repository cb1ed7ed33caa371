"""What an orchestrator calls, from the command line: describe, begin, run nodes one by one, finish."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from pipeline.running.orchestration import GROUPS
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace
from store.connections import connect
from store.opening import opened
from tests.pipeline import warm
from tests.pipeline.small import Small

pytestmark = pytest.mark.slow

FIRST, SECOND = "20260101T000000Z-1", "20260102T000000Z-2"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("orchestrated"))


@pytest.fixture(scope="module")
def compiled(small: Small) -> subprocess.CompletedProcess[str]:
    """The first run, begun."""
    return small.call("compile", "--run", FIRST)


def call(small: Small, command: str, *extra: str) -> subprocess.CompletedProcess[str]:
    """A command that takes neither data nor configuration."""
    return warm.command([command, "--workspace", str(small.workspace), *extra])


def test_the_description_names_every_node_with_its_group(small: Small) -> None:
    done = small.call("compile")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads((small.workspace / "pipeline" / "pipeline.json").read_text())
    nodes = {node["id"]: node for node in content["nodes"]}
    optional = {"DemandInfraValidator", "ReplenishmentInfraValidator", "WatchTrainer", "WatchEvaluator"}
    assert set(nodes) == {node for group in GROUPS.values() for node in group} - optional
    seen: set[str] = set()
    for name, node in nodes.items():
        assert set(node["upstream"]) <= seen, name
        seen.add(name)
    assert (content["data"], content["config"]) == (str(small.data), str(small.config))
    assert content["final_exit_codes"] == {"2": "cannot be done as asked", "3": "refused"}
    assert (content["gate"], content["challengers"]) == ("DataGate", False)
    assert [name for name, node in nodes.items() if node["heavy"]] == [
        "Transform", "DemandTrainer", "ReplenishmentTrainer",
    ]  # fmt: skip


def test_infra_validator_is_switched_on_by_configuration(small: Small, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(small.config.read_text() + "serving: {infra_validator: '2.16.1'}\n")
    done = small.call("compile", "--config", str(config), "--workspace", str(tmp_path / "w"))
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads((tmp_path / "w" / "pipeline" / "pipeline.json").read_text())
    upstream = {node["id"]: node["upstream"] for node in content["nodes"]}
    assert {"DemandInfraValidator", "ReplenishmentInfraValidator"} <= set(upstream["PairPusher"])
    assert upstream["DemandInfraValidator"] == ["DemandTrainer", "Windowing"]


def test_a_run_is_compiled_once_and_its_nodes_run_once(
    small: Small, compiled: subprocess.CompletedProcess[str]
) -> None:
    assert "compiled" in compiled.stdout
    before = RunFolder(Workspace(small.workspace), FIRST).pipeline.read_bytes()
    assert "was compiled already" in small.call("compile", "--run", FIRST, "--as-of", "2024-03-01").stdout
    assert RunFolder(Workspace(small.workspace), FIRST).pipeline.read_bytes() == before
    for _ in range(2):
        done = call(small, "run-node", "--run", FIRST, "--node", "RetailExampleGen")
        assert done.returncode == 0 and "RetailExampleGen ran" in done.stdout, done.stdout + done.stderr
    assert len(list(small.workspace.glob("artifacts/RetailExampleGen/examples/*"))) == 1


def test_what_cannot_be_done_as_asked_is_exit_code_2(small: Small, compiled: object) -> None:
    for run, node, said in (
        ("2026", "Transform", "is no run id"),
        ("20260109T000000Z-9", "Transform", "call 'retail-inventory compile --run"),
        (FIRST, "Transfrom", "is no node of the pipeline"),
    ):
        done = call(small, "run-node", "--run", run, "--node", node)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    done = call(small, "finish-run", "--run", "20260109T000000Z-9")
    assert done.returncode == 2


def test_bad_data_are_exit_code_3_and_the_end_of_the_run_says_so(small: Small) -> None:
    sales = small.data / "sales_data.csv"
    good = sales.read_text()
    header, first, *rest = good.splitlines()
    index = header.replace('"', "").split(",").index("units_sold")
    cells = first.split(",")
    cells[index] = "-5"
    sales.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    try:
        assert small.call("compile", "--run", SECOND).returncode == 0
        done = call(small, "run-node", "--run", SECOND, "--node", "RetailExampleGen")
    finally:
        sales.write_text(good)
    assert done.returncode == 3 and "units_sold" in done.stdout and "-5" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("refused: ")
    done = call(small, "finish-run", "--run", SECOND, "--config", str(small.config))
    assert done.returncode == 3, done.stdout + done.stderr
    summary = json.loads((small.workspace / "reports" / SECOND / "summary.json").read_text())
    states = {component["node"]: component["state"] for component in summary["components"]}
    assert summary["status"] == "refused_data"
    assert states["RetailExampleGen"] == "refused" and states["Transform"] == "skipped"


def test_a_node_waits_for_a_run_in_the_same_workspace(small: Small, compiled: object, tmp_path: Path) -> None:
    with Workspace(small.workspace).lock():
        done = call(small, "run-node", "--run", FIRST, "--node", "ImportSchemaGen")
    assert done.returncode == 1 and "another run is working here" in done.stdout
    assert call(small, "run-node", "--run", FIRST, "--node", "ImportSchemaGen").returncode == 0


def test_a_planning_run_that_the_data_gate_refuses_is_in_the_store(small: Small, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(small.data, damaged)
    sales = pd.read_csv(damaged / "sales_data.csv")
    sales.loc[0, "units_sold"] = -3
    sales.to_csv(damaged / "sales_data.csv", index=False)
    run = "20260103T000000Z-3"
    done = small.call("compile", "--run", run, "--purpose", "planning", data=damaged)
    assert (done.returncode, done.stderr) == (0, "")
    (status,) = planning_run(small, run)
    assert status == "running"
    assert call(small, "run-node", "--run", run, "--node", "ImportSchemaGen").returncode == 0
    refused = call(small, "run-node", "--run", run, "--node", "RetailExampleGen")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    done = call(small, "finish-planning", "--run", run)
    assert done.returncode == 3 and "refused data" in done.stdout and "units_sold" in done.stdout
    assert planning_run(small, run) == ("refused_data",)


def planning_run(small: Small, run: str) -> tuple[str, ...]:
    with opened(small.workspace / "postgres") as connections, connect(connections.writer) as connection:
        text = "SELECT status FROM planning_runs WHERE planning_id = %s"
        found = connection.execute(text, [run]).fetchone()
    assert found is not None
    return found
