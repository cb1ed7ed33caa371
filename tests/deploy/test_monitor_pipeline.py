"""deploy/scripts/monitor_pipeline.sh as cron calls it; with runs, pairs and alerts in tests/deploy/live."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.grafana.board_files import GRAFANA, read
from tests.places import ROOT

SCRIPT = ROOT / "deploy" / "scripts" / "monitor_pipeline.sh"


def monitored(*options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", SCRIPT, *map(str, options)], capture_output=True, text=True)


def test_help_names_every_option() -> None:
    done = monitored("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in (
        "--workspace",
        "--runs",
        "--pair-days",
        "--plan-days",
        "--run-hours",
        "--alertmanager",
        "--quiet",
    ):
        assert option in done.stdout


def test_a_pair_may_be_as_old_as_alerts_say() -> None:
    days = read(GRAFANA / "gates.json")["watch"]["pair_days"]
    assert f"({days}, as grafana/gates.json says)" in monitored("--help").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--workspace is missing"),
        (["--workspace"], "wants a value"),
        (["--workspace", "/nowhere/at/all"], "is no folder"),
        (["--workspace", "/", "--runs", "-1"], "wants a whole number"),
        (["--workspace", "/", "--plan-days", ""], "wants a whole number"),
        (["--workspaces", "/"], "is no option"),
    ],
)
def test_wrong_usage_is_told(options: list[str], said: str) -> None:
    done = monitored(*options)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_a_workspace_without_runs_is_wrong(tmp_path: Path) -> None:
    done = monitored("--workspace", tmp_path, "--quiet")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert all(line.startswith("WRONG: ") for line in lines)
    for text in ("holds no runs yet", "holds no pushed pair", "no plan was made yet"):
        assert any(text in line for line in lines)
