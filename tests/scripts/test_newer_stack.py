"""Where the newer stack's root cannot be made, the script says why and ends with the code for `skipped`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

SKIPPED = 77
TOOLS = ("sh", "dirname", "sed", "cat", "mount", "flock", "git", "chroot")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH of a machine where all is well but for what a test changes; its programs do nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed here")
        (folder / name).symlink_to(found)
    for name, script in {
        "id": "echo 0",
        "uname": "echo x86_64",
        "debootstrap": "exit 1",
        "unshare": "exit 0",
    }.items():
        _program(folder / name, script)
    return folder


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _run(tools: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/newer_stack.sh"), "fast"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("program", "script", "said"),
    [
        ("id", 'test "$1" = -u && echo 1000 || echo someone', "needs root, and this is user someone"),
        ("debootstrap", None, "debootstrap is not installed"),
        ("uname", "echo aarch64", "this is aarch64"),
        ("unshare", "exit 1", "mounting is not permitted"),
    ],
)
def test_it_says_why_it_cannot_run(tools: Path, program: str, script: str | None, said: str) -> None:
    (tools / program).unlink()
    if script is not None:
        _program(tools / program, script)
    done = _run(tools)
    assert done.returncode == SKIPPED
    assert done.stdout.startswith("newer stack: skipped: ")
    assert said in done.stdout


def test_without_a_task_it_explains_itself(tools: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/newer_stack.sh")],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Exit code 77" in done.stdout
