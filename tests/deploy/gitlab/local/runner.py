"""What stands for GitLab and its runner: a clone, and gitlab-ci-local in it, with the shell of this machine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.kubernetes.chart import TOOLS
from tests.places import ROOT

PROGRAM = TOOLS / "gitlab" / "node_modules" / ".bin" / "gitlab-ci-local"
BRANCH = "main"
STATE = "runner"
"""Folder of the clone in which each job gets a checkout of its own, and leaves its artifacts."""
HANDED_ON = re.compile(
    r"HOME|LANG|PATH|PYENV_ROOT|TERM|TMPDIR|(PIP|UV)_.*|SSL_CERT_FILE|.*_proxy", re.IGNORECASE
)
"""Variables that a machine's own runner would have; what this call of make or pytest has set is not handed on."""


@dataclass(frozen=True)
class Ended:
    """A job or a listing, after its end."""

    code: int
    output: str
    artifacts: Path


class Runner:
    """Runs jobs of what a clone holds; what is written there but not added to git is not seen by them."""

    def __init__(self, folder: Path) -> None:
        """Clones what is committed here, as its default branch."""
        for needed in (PROGRAM, "rsync"):
            if shutil.which(needed) is None:
                pytest.skip(
                    f"{Path(needed).name} is not installed; scripts/deploy_tools.sh gitlab installs it"
                )
        self.clone = folder / "retail-inventory"
        self._home = folder
        subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(self.clone)], check=True)
        self.git("checkout", "-q", "-B", BRANCH)
        self.git("remote", "set-url", "origin", "git@gitlab.example.com:shop/retail-inventory.git")
        self.git("update-ref", f"refs/remotes/origin/{BRANCH}", "HEAD")
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{BRANCH}")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.clone, check=True)

    def call(self, *arguments: str, hours: float = 0.1) -> Ended:
        """gitlab-ci-local with its arguments; it and its jobs end after so many hours, or with an interrupted test."""
        environment = {name: value for name, value in os.environ.items() if HANDED_ON.fullmatch(name)}
        with subprocess.Popen(
            [str(PROGRAM), f"--home={self._home}", f"--state-dir={STATE}", *arguments],
            cwd=self.clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            try:
                output, _ = process.communicate(timeout=hours * 3600)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Ended(process.returncode, output, self.clone / STATE / "artifacts")

    def job(self, name: str) -> Ended:
        """One job without those that it needs, in a new checkout."""
        # The folder of downloads that a runner's cache brings back; gitlab-ci-local would name one below /builds.
        downloads = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
        ended = self.call(
            "--force-shell-executor",
            "--shell-isolation",
            f"--variable=UV_CACHE_DIR={downloads}",
            name,
            hours=3,
        )
        shutil.rmtree(self.clone / STATE / "builds", ignore_errors=True)
        return Ended(ended.code, ended.output, ended.artifacts / name)
