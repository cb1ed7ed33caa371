"""Set-up as a user meets it: what is missing is one sentence and exit code 2; a second call does nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import find_system
import pytest
import setup_environment
from setup_environment import LOCK, fingerprint

from tests.places import ROOT

NO_STAMP = ".venv-of-no-one"


def _set_up(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the set-up with nothing on PATH but what the folder holds."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/setup.sh"), "--venv", NO_STAMP, *arguments],
        env={"PATH": str(path), "HOME": str(path)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the few programs that any system has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or "")
    return folder


def _one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert not (ROOT / NO_STAMP).exists()
    return lines[0]


def test_no_python_at_all(tools: Path) -> None:
    assert "No Python 3 that runs was found" in _one_sentence(_set_up(tools))


def test_no_compiler(tools: Path) -> None:
    (tools / "python3").symlink_to(sys.executable)
    assert "No working C++ compiler" in _one_sentence(_set_up(tools))


def test_a_chosen_python_that_does_not_fit(tools: Path) -> None:
    (tools / "python3").symlink_to(sys.executable)
    for name in ("gcc", "g++"):
        (tools / name).write_text("#!/bin/sh\nexit 0\n")
        (tools / name).chmod(0o755)
    assert "/no/such/python is not a Python 3.1" in _one_sentence(
        _set_up(tools, "--python", "/no/such/python")
    )


def test_an_environment_that_can_be_done_without_is_no_failure(tools: Path) -> None:
    (tools / "python3").symlink_to(sys.executable)
    asked = ("--pythons", "3.99,3.98")
    assert "Python 3.98 or 3.99 is needed" in _one_sentence(_set_up(tools, *asked))
    done = _set_up(tools, *asked, "--optional")
    assert done.returncode == 0 and f"{NO_STAMP}: Python 3.98 or 3.99 is needed" in done.stderr


def test_nothing_is_done_where_the_stamp_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to(sys.executable)
    glibc = find_system.c_library()
    (venv / ".setup-stamp").write_text(fingerprint(glibc, str(venv), LOCK))

    def never(*_: object) -> None:
        raise AssertionError("it looked at the machine although nothing had changed")

    monkeypatch.setattr(find_system, "find_compiler", never)
    setup_environment.set_up(str(venv), LOCK, None)


def test_the_stamp_changes_with_whatever_decides_the_environment(tmp_path: Path) -> None:
    other = tmp_path / "requirements.lock"
    other.write_text("nothing\n")
    marks = {
        fingerprint((2, 36), "a", LOCK),
        fingerprint((2, 41), "a", LOCK),
        fingerprint((2, 36), "b", LOCK),
        fingerprint((2, 36), "a", str(other)),
    }
    assert len(marks) == 4


def test_bytecode_and_other_environments_are_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, "1")
    environment = setup_environment.clean_environment()
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert "VIRTUAL_ENV" not in environment
    assert environment["UV_CACHE_DIR"] == "1"


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    for name, fewest in (("", 100), ("benchmarks", 20), ("grafana", 1), ("dags", 100)):
        text = (ROOT / name / "requirements.lock").read_text()
        assert "://" not in text
        requirements = text.replace("\\\n", " ").splitlines()
        pinned = [line for line in requirements if line and not line.lstrip().startswith("#")]
        assert len(pinned) >= fewest
        assert all("==" in line and "--hash=sha256:" in line for line in pinned)
