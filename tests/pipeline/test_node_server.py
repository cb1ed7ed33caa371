"""The node server and its clients as processes; what a node does is put in the place of TFX."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tfx.proto.orchestration import pipeline_pb2

from pipeline.run_folder import RunFolder
from pipeline.workspace import Workspace

RUN = "20260101T000000Z-1"
SERVE = """
import os, sys, time
from pathlib import Path
from components.errors import UserError
from pipeline import node_process, one_node
from pipeline.node_server import NodeServer
from pipeline.workspace import Workspace

def act(pipeline, node):
    print(f"{node} speaks", flush=True)
    (Path(sys.argv[1]) / f"{node}.pid").write_text(str(os.getpid()))
    if node == "long":
        time.sleep(60)
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
    for name in ("quick", "long", "wrong", "broken"):
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


def test_a_second_server_is_refused(place: Path, server: subprocess.Popen[bytes]) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "pipeline", "node-server", "-w", str(place)], capture_output=True, text=True
    )
    assert second.returncode == 2 and "another node server serves" in second.stderr
