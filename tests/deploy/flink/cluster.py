"""A Flink cluster of three machines as far as files go: a JobManager beside the commands, and two TaskManagers.

All have one network, that of a namespace with loopback alone; each TaskManager has a /tmp of its own, and shares with
the others the repository and one folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import IO, Any, TypeVar

import psutil

from tests.places import ROOT

START, LIB = ROOT / "deploy" / "flink" / "start.sh", ROOT / ".cache" / "flink" / "lib"
MASTER, JOB_SERVER = "127.0.0.1:8081", "127.0.0.1:8099"
BEAM = "2.62.0"
SLOTS = 2
"""Of a TaskManager; a job takes as many, spread over both, so that one can take over all of it."""
ENGINE = f"""
engine: {{name: flink, job_endpoint: '{JOB_SERVER}', flink_master: '{MASTER}', parallelism: {SLOTS}}}
"""
_PROGRAMS = ("java", "unshare", "nsenter", "setpriv", "ip", "mount", "curl")
_MORTAL = ("setpriv", "--pdeathsig", "KILL", "nice")
"""Before a command that is not to outlive the tests, whatever ends them."""
_MACHINE = """
set -e
private=$1; shift
mount -t tmpfs tmpfs /mnt
while [ "$1" != -- ]; do mkdir -p "/mnt$1"; mount --bind "$1" "/mnt$1"; shift; done; shift
mount --bind "$private" /tmp
while [ "$1" != -- ]; do mkdir -p "$1"; mount --bind "/mnt$1" "$1"; shift; done; shift
cd /; exec "$@"
"""
Found = TypeVar("Found")


def missing() -> str:
    """Why there can be no cluster here; empty where there can."""
    lacks = [name for name in _PROGRAMS if shutil.which(name) is None]
    if lacks:
        return f"needs {', '.join(lacks)}"
    if (beam := metadata.version("apache-beam")) != BEAM:
        return f"the jars are of Beam {BEAM}, and here is {beam}"
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode:
        return "needs the right to make namespaces, as root has it"
    return "" if LIB.is_dir() else f"{LIB} is not there; deploy/flink/fetch.sh says why"


def wait_for(what: str, look: Callable[[], Found], seconds: float = 180.0, pause: float = 0.1) -> Found:
    """What a function returns as soon as that is something."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"no {what} after {seconds} s"
        time.sleep(pause)
    return found


class Flink:
    """The cluster; ``shared`` is the folder that all machines have."""

    def __init__(self, folder: Path) -> None:
        self.shared, self._folder = folder / "shared", folder
        self.shared.mkdir()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: list[subprocess.Popen[Any]] = []

    def start(self) -> None:
        self._start("network", ["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep infinity"])
        wait_for("network", self._apart)
        self._start("jobmanager", [*self._prefix, "sh", str(START), "jobmanager"])
        for number in (1, 2):
            self.start_taskmanager(number)
        self._start(
            "job-server", [*self._prefix, "sh", str(START), "job-server", str(self._folder / "staged")]
        )
        wait_for("TaskManagers", lambda: self._slots() == 2 * SLOTS)
        wait_for("job server", lambda: b"ob server now running" in self.said("job-server"))

    def start_taskmanager(self, number: int) -> None:
        private = self._folder / f"private-{number}"
        private.mkdir(exist_ok=True)
        machine = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MACHINE, "machine"]
        shares = [str(path) for path in (ROOT, self.shared) if path.is_relative_to("/tmp")]
        settings = ["-D", f"taskmanager.numberOfTaskSlots={SLOTS}"]
        self._start(
            f"taskmanager-{number}",
            [*self._prefix, *machine, str(private), *shares, "--", *shares, "--", "sh", str(START), "taskmanager"]
            + settings,
        )  # fmt: skip

    def whole(self) -> None:
        """Has both TaskManagers again, and no others."""
        for number in (1, 2):
            if self._running[f"taskmanager-{number}"].poll() is not None:
                self.start_taskmanager(number)
        wait_for("TaskManagers", lambda: self._slots() == 2 * SLOTS)

    def taskmanager(self, number: int) -> psutil.Process:
        return psutil.Process(self._running[f"taskmanager-{number}"].pid)

    def said(self, name: str) -> bytes:
        return (self._folder / f"{name}.log").read_bytes()

    def begin(self, *words: str, code: Path = ROOT) -> subprocess.Popen[str]:
        """A command of the product, in the cluster's network."""
        command = [*_MORTAL, *self._prefix, sys.executable, "-m", "pipeline", *words]
        begun = subprocess.Popen(
            command, cwd=code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip
        self._started.append(begun)
        return begun

    def call(self, *words: str, code: Path = ROOT) -> tuple[int, str]:
        """Its exit code, and what it said."""
        with self.begin(*words, code=code) as process:
            said, _ = process.communicate()
        return process.returncode, said

    def jobs(self) -> list[dict[str, Any]]:
        """As Flink has them."""
        found: list[dict[str, Any]] = self._ask("/jobs/overview").get("jobs", [])
        return found

    def running(self) -> list[str]:
        """Names of the jobs that have not ended."""
        return [job["name"] for job in self.jobs() if job["state"] not in ("FINISHED", "FAILED", "CANCELED")]

    def folder(self, name: str) -> Path:
        """A new one that all machines have."""
        made = self.shared / name
        made.mkdir()
        return made

    def stop(self) -> None:
        for process in reversed(self._started):
            # Workers are in the group of the TaskManager that started them.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _apart(self) -> bool:
        """Whether the network is there, and not the one that all other programs here have."""
        theirs = Path(f"/proc/{self._running['network'].pid}/ns/net").readlink()
        up = b",UP" in self._inside("ip", "-o", "link", "show", "lo").stdout
        return theirs != Path("/proc/self/ns/net").readlink() and up

    @property
    def _prefix(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._running['network'].pid}/ns/net"]

    def _inside(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*self._prefix, *words], capture_output=True)

    def _ask(self, path: str) -> dict[str, Any]:
        said = self._inside("curl", "--silent", "--max-time", "5", f"http://{MASTER}{path}").stdout
        found: dict[str, Any] = json.loads(said) if said else {}
        return found

    def _slots(self) -> int:
        return int(self._ask("/overview").get("slots-total", 0))

    def _start(self, name: str, words: Sequence[str]) -> None:
        with self._log(name) as log:
            self._running[name] = subprocess.Popen(
                [*_MORTAL, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
            self._started.append(self._running[name])

    def _log(self, name: str) -> IO[bytes]:
        return (self._folder / f"{name}.log").open("ab")


@contextmanager
def cluster(folder: Path) -> Iterator[Flink]:
    made = Flink(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
