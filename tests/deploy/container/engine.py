"""Images as build.sh makes them, and containers as tightly locked as an operator can lock them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

TAG = "tested"
LOCKED_DOWN = (
    "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", "--read-only-tmpfs=false",
    "--tmpfs=/tmp:rw,size=2g", "--network=none", "--memory=6g",
    "--ulimit=nofile=20000:20000", "--ulimit=nproc=8192:8192",
)  # fmt: skip
"""The limits are those that any machine may set: podman's own are higher than some allow."""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; scripts/deploy_tools.sh images says how")
    return found


def built(which: str) -> None:
    """An image of the last commit; layers that are there already are taken."""
    program("buildah")
    settings = {"BASE": os.environ.get("BASE", "debootstrap"), "TAG": TAG}
    command = ["sh", str(ROOT / "deploy" / "images" / "build.sh"), which]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


def podman(*arguments: str, timeout: float = 120, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [program("podman"), f"--runtime={program('runc')}", "--cgroup-manager=cgroupfs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, input=given)


def ran(
    image: str, *command: str, options: tuple[str, ...] = (), timeout: float = 300, given: str = ""
) -> str:
    """What a locked-down container prints.

    Args:
        options: further ones of podman.
        given: on standard input.
    """
    of = ["run", "--rm", "--interactive", *LOCKED_DOWN, *options, image, *command]
    done = podman(*of, timeout=timeout, given=given)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def volume(folder: Path, to: str) -> tuple[str, ...]:
    """Options that mount a folder."""
    return (f"--volume={folder}:{to}",)


def entry(name: str) -> tuple[str, ...]:
    """Options that start another program."""
    return (f"--entrypoint={name}",)
