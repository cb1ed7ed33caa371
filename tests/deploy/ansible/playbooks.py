"""Where the playbooks lie, and what reads them."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.places import ROOT

ANSIBLE = ROOT / "deploy" / "ansible"
_PROGRAMS = ROOT / ".venv-ansible" / "bin"


def program(name: str) -> str:
    """The path of a program of Ansible's environment; skips where it is not there."""
    if not (_PROGRAMS / name).exists():
        pytest.skip(f"{name} is not installed; make ansible-setup installs it")
    return str(_PROGRAMS / name)


def called(name: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """One of them, in the folder of the playbooks."""
    environment = {**os.environ, "PATH": f"{_PROGRAMS}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        [program(name), *arguments],
        cwd=ANSIBLE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
