"""The node server and its clients as processes; what a node does is put in the place of TFX.

Over 300 lines: its tests share one server and what is put in the place of TFX.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline.running.code_stamp import code_stamp
from pipeline.running.node_socket import address
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace
from tests.pipeline import warm

RUN = "20260101T000000Z-1"
SERVE = """
import os, sys, time
from pathlib import Path
from contracts.errors import UserError
from pipeline.running import node_process, one_node
from pipeline.running.node_server import NodeServer
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace

record = RunFolder.record

def full(self, result):
    if (self.workspace.root / "full").exists():
        raise OSError(28, "No space left on device")
    record(self, result)

RunFolder.record = full

def act(pipeline, node):
    print(f"{node} speaks", flush=True)
    (Path(sys.argv[1]) / f"{node}.pid").write_text(str(os.getpid()))
    if node == "long":
        time.sleep(60)
    if node == "sleeper":
        time.sleep(1.5)
    if node == "wrong":
        raise UserError("ask for something else")
    if node == "broken":
        raise RuntimeError("out of luck")
    return "ran"

node_process.run_node = act
one_node.discard_unfinished = lambda *_: []
one_node.connection = lambda _: None
NodeServer(Workspace(Path(sys.argv[1]))).serve()
"""


def workspace(root: Path) -> Path:
    # Longer than the address of a socket may be.
    folder = root / ("deep-" * 20) / "workspace"
    folder.mkdir(parents=True)
    pipeline = pipeline_pb2.Pipeline()
    for name in ("quick", "long", "wrong", "broken", "sleeper"):
        pipeline.nodes.add().pipeline_node.node_info.id = name
    RunFolder(Workspace(folder), RUN).keep(pipeline.SerializeToString())
    return folder


@contextmanager
def serving(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(place)])
    until(lambda: (place / ".nodes.sock").exists(), 60)
    yield process
    process.kill()
    process.wait(10)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One for all tests that leave it running."""
    with serving(place) as process:
        yield process


@pytest.fixture(autouse=True)
def no_traces(place: Path) -> None:
    for path in place.glob("*.pid"):
        path.unlink()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(place: Path, node: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "pipeline", "run-node", "-w", str(place), "--run", RUN, "--node", node]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_nodes_run_in_children_and_tell_how_they_ended(place: Path, server: subprocess.Popen[bytes]) -> None:
    for node, code, words in (
        ("quick", 0, "quick ran"),
        ("wrong", 2, "failed: ask for something else"),
        ("broken", 1, "failed: RuntimeError: out of luck"),
        ("unknown", 2, "is no node of the pipeline"),
    ):
        asked = ask(place, node)
        said, _ = asked.communicate(timeout=30)
        assert asked.returncode == code, said
        assert words in said and (node == "unknown" or f"{node} speaks" in said)
    assert server.poll() is None


def test_two_nodes_run_side_by_side(place: Path, server: subprocess.Popen[bytes]) -> None:
    long = ask(place, "long")
    until(lambda: (place / "long.pid").exists())
    quick = ask(place, "quick")
    assert quick.wait(20) == 0 and long.poll() is None
    long.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_client_that_ends_takes_its_node_with_it(
    place: Path, server: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    asked = ask(place, "long")
    until(lambda: (place / "long.pid").exists())
    pid = int((place / "long.pid").read_text())
    assert lives(pid)
    asked.send_signal(number)
    until(lambda: not lives(pid))
    assert ask(place, "quick").wait(20) == 0


def test_a_node_that_is_killed_fails_and_may_be_tried_again(
    place: Path, server: subprocess.Popen[bytes]
) -> None:
    asked = ask(place, "long")
    until(lambda: (place / "long.pid").exists())
    os.kill(int((place / "long.pid").read_text()), signal.SIGKILL)
    said, _ = asked.communicate(timeout=20)
    assert asked.returncode == 1 and "signal 9" in said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_ends_takes_its_nodes_with_it(tmp_path: Path, number: signal.Signals) -> None:
    own = workspace(tmp_path)
    with serving(own) as server:
        asked = ask(own, "long")
        until(lambda: (own / "long.pid").exists())
        pid = int((own / "long.pid").read_text())
        server.send_signal(number)
        assert asked.wait(20) == 1
        until(lambda: not lives(pid))
        assert server.wait(10) == (-9 if number == signal.SIGKILL else 0)
    assert (own / ".nodes.sock").exists() == (number == signal.SIGKILL)


class Client:
    """Says to the server what it likes."""

    def __init__(self, place: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        with address(place) as path:
            self.socket.connect(path)
        self._lines = self.socket.makefile("rb")

    def say(self, said: bytes) -> None:
        self.socket.sendall(said)

    def hear(self) -> Any:
        line = self._lines.readline()
        return json.loads(line) if line else None

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


def request(node: str, **other: Any) -> bytes:
    return json.dumps({"run": RUN, "node": node, "code": code_stamp(), **other}).encode() + b"\n"


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xfe\n",
        b"GET / HTTP/1.1\n",
        b"{\n",
        b"[]\n",
        b"null\n",
        b"17\n",
        b"{}\n",
        b'{"run": 1, "node": 2, "code": 3}\n',
        b"[" * 50_000 + b"\n",
        request("quick", run="../../etc"),
        request("quick", run=RUN[:-1] + "9"),
        request("../quick"),
        request("quick", run=None),
        request("unknown"),
        b"x" * 200_000,
    ],
    ids=lambda said: repr(said[:24]),
)
def test_what_is_no_request_is_answered_and_harms_nobody(
    place: Path, server: subprocess.Popen[bytes], said: bytes
) -> None:
    running, client = Client(place), Client(place)
    running.say(request("sleeper"))
    client.say(said)
    assert list(client.hear()) == ["refused"]
    if said.endswith(b"\n"):
        client.say(request("quick"))
        assert client.hear()["result"]["state"] == "ran"
    client.close()
    assert running.hear()["result"]["state"] == "ran"
    running.close()
    assert server.poll() is None


def test_requests_come_in_pieces_and_several_at_once(place: Path, server: subprocess.Popen[bytes]) -> None:
    client = Client(place)
    whole = request("quick") + b"\n" + request("wrong") + request("broken")
    for begin in range(0, len(whole), 7):
        client.say(whole[begin : begin + 7])
    states = {}
    for _ in range(3):
        result = client.hear()["result"]
        states[result["node"]] = (result["state"], result["by_user"])
    assert states == {"quick": ("ran", False), "wrong": ("failed", True), "broken": ("failed", False)}
    client.say(request("quick", code="of another day"))
    assert client.hear() == {"stale": True}
    client.close()


def test_clients_that_vanish_are_forgotten(place: Path, server: subprocess.Popen[bytes]) -> None:
    for said in (b"", b'{"run": ', request("quick"), request("sleeper"), request("long"), b"x" * 200_000):
        client = Client(place)
        client.say(said)
        client.close()
    until(lambda: not psutil.Process(server.pid).children())
    assert ask(place, "quick").wait(20) == 0
    assert server.poll() is None


def test_a_full_disk_fails_the_node_and_nothing_else(place: Path, server: subprocess.Popen[bytes]) -> None:
    (place / "full").touch()
    try:
        asked = ask(place, "quick")
        said, _ = asked.communicate(timeout=20)
    finally:
        (place / "full").unlink()
    assert asked.returncode == 1 and "No space left on device" in said and "Traceback" not in said
    assert ask(place, "quick").wait(20) == 0


@pytest.mark.parametrize(
    ("content", "served"), [(b"", True), (b"no pipeline", True), (b"\x0a\xff\xff", False)]
)
def test_a_compiled_pipeline_that_cannot_be_read_is_told(
    tmp_path: Path, place: Path, server: subprocess.Popen[bytes], content: bytes, served: bool
) -> None:
    where = place if served else workspace(tmp_path)
    other = RUN.replace("Z-1", "Z-2")
    run = RunFolder(Workspace(where), other)
    run.keep(content)
    asked = warm.command(["run-node", "-w", str(where), "--run", other, "--node", "quick"])
    assert asked.returncode == 2 and "compile --run" in asked.stderr
    assert "Traceback" not in asked.stdout + asked.stderr


def test_a_node_waits_for_a_run_no_longer_than_it_must(place: Path, server: subprocess.Popen[bytes]) -> None:
    with Workspace(place).lock():
        asked = ask(place, "quick")
        said, _ = asked.communicate(timeout=30)
    assert asked.returncode == 1 and "another run is working here" in said and "Traceback" not in said


def test_a_workspace_that_is_gone_is_told(tmp_path: Path) -> None:
    asked = ask(tmp_path / "nowhere", "quick")
    said, _ = asked.communicate(timeout=30)
    assert asked.returncode == 2 and "is not there" in said and "Traceback" not in said


def test_a_second_server_is_refused(place: Path, server: subprocess.Popen[bytes]) -> None:
    second = warm.command(["node-server", "-w", str(place)])
    assert second.returncode == 2 and "another node server serves" in second.stderr
