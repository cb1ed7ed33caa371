"""The registry's commands where there is none, or nobody answers; with a real MLflow in tests/deploy/registry."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import UserError
from pipeline.cli.sharing.credentials import read_credentials
from pipeline.registry.choice import remember
from pipeline.registry.server import Credentials
from pipeline.registry_options import RegistryOptions
from pipeline.workspace import Workspace
from tests.places import ROOT

SECRET = "hunter2-is-secret"


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": SECRET}
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def test_a_roll_back_waits_for_no_registry_and_says_so_once(workspace: Workspace, nobody: str) -> None:
    remember(workspace, RegistryOptions(mlflow=nobody))
    done = call("rollback", "--workspace", workspace.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "serves, before it was" in done.stdout
    assert done.stdout.count("the registry was not told") == done.stdout.count(nobody) == 1
    assert f"call 'retail-inventory registry sync --workspace {workspace.root}'" in done.stdout
    written = "".join(path.read_text() for path in workspace.root.glob("logs/*/*.jsonl"))
    assert "registry was not told" in written and SECRET not in written + done.stdout


def test_a_sync_that_reaches_nobody_is_a_failure_of_one_line(workspace: Workspace, nobody: str) -> None:
    (workspace.root / "config.yaml").write_text(f"registry: {{mlflow: '{nobody}'}}\n")
    done = call("registry", "sync", "--workspace", workspace.root, "--config", workspace.root / "config.yaml")
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.count("\n") == 1
    assert "does not answer" in done.stderr and SECRET not in done.stderr


def test_without_a_registry_the_commands_say_how_to_have_one(workspace: Workspace) -> None:
    done = call("registry", "apply", "--workspace", workspace.root)
    assert done.returncode == 2 and "registry: {mlflow: https://...}" in done.stderr


def test_a_run_without_a_registry_forgets_it(workspace: Workspace) -> None:
    remember(workspace, RegistryOptions(mlflow="https://mlflow.example.com"))
    remember(workspace, RegistryOptions())
    assert "registry" not in call("rollback", "--workspace", workspace.root).stdout


def test_variables_go_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    assert read_credentials() == Credentials()
    file = tmp_path / ".mlflow" / "credentials"
    file.parent.mkdir()
    file.write_text("[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = 100%\n")
    assert read_credentials() == Credentials("me", "100%")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t")
    assert read_credentials() == Credentials(token="t")


def test_a_file_that_is_none_is_told_without_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    file = tmp_path / ".mlflow" / "credentials"
    file.parent.mkdir()
    file.write_text(f"{SECRET}\n")
    with pytest.raises(UserError, match="is no file of credentials") as caught:
        read_credentials()
    assert SECRET not in str(caught.value)
