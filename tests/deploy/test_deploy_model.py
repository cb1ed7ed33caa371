"""deploy/scripts/deploy_model.sh as people call it; with services and sshd in tests/deploy/live."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from contracts.models import MODELS
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder, read_history, read_state
from serving.directory.pushing import push
from serving.directory.switching import roll_back
from tests.places import ROOT
from tests.serving.pairs import make_pair, serving_pair

SCRIPT = ROOT / "deploy" / "scripts" / "deploy_model.sh"


def deployed(*options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", SCRIPT, *map(str, options)], capture_output=True, text=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With the pairs p1 and p2."""
    made = Workspace(tmp_path / "w")
    made.create()
    for name in ("p1", "p2"):
        push(made.serving, make_pair(tmp_path, name), {"metrics": {}}, keep=3)
    return made


def test_help_names_every_option() -> None:
    done = deployed("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in (
        "workspace",
        "target",
        "version",
        "alias",
        "service",
        "no-service",
        "token-file",
        "seconds",
    ):
        assert f"--{option}" in done.stdout
    for option in ("--ssh", "--reason", "--dry-run"):
        assert option in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--workspace is missing"),
        (["--workspace", "/nowhere/at/all"], "is no folder"),
        (["--workspace", "/"], "--target is missing"),
        (["--workspace", "/", "--target", "/x"], "--service is missing"),
        (["--workspace", "/", "--target", "/x", "--service", "u", "--no-service"], "exclude each other"),
        (["--workspace", "/", "--target", "/x", "--version", "1", "--alias", "a"], "exclude each other"),
        (["--workspace", "/", "--version", "newest"], "wants a whole number"),
        (["--workspace", "/", "--no-service", "--target", "-oProxyCommand=x:/srv"], "is no host"),
        (["--workspace", "/", "--no-service", "--target", "host:/srv;id"], "letters, digits"),
        (
            ["--workspace", "/", "--no-service", "--target", "/x", "--token-file", "/nowhere"],
            "cannot be read",
        ),
        (["--workspaces", "/"], "is no option"),
        (["--reason"], "wants a value"),
    ],
)
def test_wrong_usage_is_told(options: list[str], said: str) -> None:
    done = deployed(*options)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_a_pair_comes_to_a_folder_only_where_it_is_no_trial(workspace: Workspace, tmp_path: Path) -> None:
    first, second = read_state(workspace.serving).versions
    place = tmp_path / "srv"
    given = ("--workspace", workspace.root, "--target", place)
    dry = deployed(*given, "--no-service", "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "") and not place.exists()
    assert f"pair {second} to {place}, where no pair serves" in dry.stdout
    done = deployed(*given, "--no-service", "--version", first, "--reason", "first trial")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert serving_pair(place / "serving") == "p1"
    assert read_history(place / "serving")[-1]["reason"] == "first trial"


def test_what_is_damaged_or_was_rolled_back_is_not_taken(workspace: Workspace, tmp_path: Path) -> None:
    first, second = read_state(workspace.serving).versions
    given = ("--workspace", workspace.root, "--target", tmp_path / "srv", "--no-service")
    roll_back(workspace.serving, first, "me")
    done = deployed(*given, "--version", second)
    assert done.returncode == 2 and "was rolled back" in done.stderr
    (model_folder(workspace.serving, first, MODELS[0]) / "saved_model.pb").write_text("else")
    done = deployed(*given)
    assert done.returncode == 2 and "not as they were pushed" in done.stderr
    assert not (tmp_path / "srv").exists()
