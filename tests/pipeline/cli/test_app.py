"""The command line as a user meets it: help, exit codes, one clear message and no traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.errors import SystemFault, UserError
from pipeline.cli import app as cli
from serving.directory.layout import ServingError
from tests.pipeline import warm

COMMANDS = ("sample-data", "run", "windows", "simulate", "status", "report", "doctor")


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.command(arguments)


def refused(done: subprocess.CompletedProcess[str], code: int, *texts: str) -> None:
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert "Traceback" not in output
    for text in texts:
        assert text in output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = call(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_help_lists_all_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "pipeline", "--help"], capture_output=True, text=True)
    assert all(command in done.stdout for command in COMMANDS)


def test_an_unknown_command_is_wrong_usage() -> None:
    refused(call("forecats"), 2, "forecats")


def test_a_missing_option_is_wrong_usage(tmp_path: Path) -> None:
    refused(call("run", "--workspace", str(tmp_path)), 2, "--data")


def test_a_missing_folder_is_wrong_usage(tmp_path: Path) -> None:
    done = call("run", "--data", str(tmp_path / "none"), "--workspace", str(tmp_path / "w"))
    refused(done, 2, "There is no folder", "sales_data.csv")


def test_a_wrong_configuration_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("windows: {horizn: 3}")
    done = call(
        "run",
        "--data",
        str(tmp_path),
        "--workspace",
        str(tmp_path),
        "--config",
        str(tmp_path / "config.yaml"),
    )
    refused(done, 2, "windows.horizn")


def test_a_wrong_date_is_wrong_usage(tmp_path: Path) -> None:
    done = call("run", "--data", str(tmp_path), "--workspace", str(tmp_path), "--as-of", "31.12.2024")
    refused(done, 2, "--as-of")


def test_sample_data_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("precious")
    refused(call("sample-data", str(tmp_path)), 2, "not an empty folder")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_sample_data_says_where_it_wrote(tmp_path: Path) -> None:
    out = tmp_path / "sample"
    done = call("sample-data", str(out), "--stores", "1", "--products", "2", "--periods", "30")
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    assert (out / "sales_data.csv").exists()
    yesterday = datetime.now().astimezone().date() - timedelta(1)
    sold = (out / "sales_data.csv").read_text()
    assert f"{yesterday}" in sold and f"{yesterday + timedelta(1)}" not in sold


def test_status_of_an_empty_workspace_says_so(tmp_path: Path) -> None:
    refused(call("status", "--workspace", str(tmp_path)), 2, "holds no runs yet")


def test_a_baseline_is_not_given_up_without_a_reason(tmp_path: Path) -> None:
    folders = ("--data", str(tmp_path), "--workspace", str(tmp_path))
    refused(call("run", *folders, "--re-baseline"), 2, "--re-baseline and --reason")
    refused(call("run", *folders, "--reason", "because"), 2, "--re-baseline and --reason")


def test_there_is_nothing_to_simulate_without_a_pushed_pair(tmp_path: Path) -> None:
    data = tmp_path / "data"
    call("sample-data", str(data), "--stores", "1", "--products", "2", "--periods", "120")
    done = call("simulate", "--data", str(data), "--workspace", str(tmp_path / "w"))
    refused(done, 2, "no pushed pair")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("ask otherwise [while running 'ScoreShard']"), 2, "ask otherwise"),
        (ServingError("holds no pair"), 2, "holds no pair"),
        (SystemFault("plan.csv: cannot be written"), 1, "plan.csv"),
        (OSError(errno.ENOSPC, "No space left on device", "plan.csv"), 1, "No space left"),
        (OSError(errno.EMFILE, "Too many open files"), 1, "Too many open files"),
        (PermissionError(errno.EACCES, "Permission denied", "/data"), 2, "/data: Permission denied"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), 2, "a/b: Not a directory"),
        (RuntimeError("out of luck\nsecond line"), 1, "RuntimeError: out of luck. This is a fault"),
        (KeyError("x"), 1, "KeyError: 'x'"),
        (AssertionError(), 1, "AssertionError: no more is known"),
    ],
)
def test_whatever_is_raised_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    message: str,
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == code and message in said and said.count("\n") == 1
    assert "while running" not in said and "second line" not in said
    logs = [path.read_text() for path in tmp_path.iterdir()]
    assert len(logs) == ("fault of the program" in said) and all("Traceback" in text for text in logs)


@pytest.mark.parametrize("value", ["nan", "-0.1", "2", "x"])
def test_a_share_that_is_none_is_wrong_usage(tmp_path: Path, value: str) -> None:
    done = call("run", "--data", str(tmp_path), "--workspace", str(tmp_path), "--quarantine", value)
    refused(done, 2, "--quarantine")


@pytest.mark.parametrize("option", ["--workspace", "--data", "--config"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_path_is_not_the_folder_of_the_call(tmp_path: Path, option: str, value: str) -> None:
    given = {"--workspace": str(tmp_path / "w"), "--data": str(tmp_path)} | {option: value}
    done = call("run", *(text for pair in given.items() for text in pair))
    refused(done, 2, option, "the path is empty")
    assert not list(tmp_path.iterdir())


def test_no_library_talks_when_what_a_run_prints_with_is_imported() -> None:
    # Beam, before our settings, warns of its own dependencies.
    done = subprocess.run(
        [sys.executable, "-c", "import pipeline.cli.output.closing"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
