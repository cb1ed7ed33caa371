"""The service as a process: reloads under load, and its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.models import MODELS
from serving.directory.layout import read_state
from serving.directory.pushing import push
from tests.places import ROOT
from tests.serving.service.test_app import variant

pytestmark = pytest.mark.slow
RELOADS = 4
"""benchmarks/service.py makes twenty, under more load."""


class Server:
    """``retail-inventory serve`` on a port of its own."""

    def __init__(self, workspace: Path, *extra: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "serve", "-w", str(workspace), "--port", "0", *extra],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listens on http://127.0.0.1:"), line
        self.url = line.removeprefix("listens on ").strip()

    def wait(self, version: int) -> None:
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/readyz").json().get("stable") == str(version):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"version {version} never answered")


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    made = Server(root.parent, "--poll-seconds", "0.05")
    yield made
    made.process.kill()


def test_no_request_is_lost_in_reloads_nor_at_the_end(
    server: Server, root: Path, tmp_path: Path, instances: list[Any]
) -> None:
    stable = read_state(root).stable
    assert stable is not None
    server.wait(stable)
    content = json.dumps({"signature_name": "raw_tensors", "instances": instances[:8]})
    expected = httpx.post(f"{server.url}/v1/models/{MODELS[0]}:predict", content=content).json()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as hung_up:
        hung_up.sendall(
            f"POST /v1/models/{MODELS[0]}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode()
        )
    codes: list[int] = []
    wrong: list[object] = []
    ending = threading.Event()

    def ask() -> None:
        with httpx.Client(timeout=60) as client:
            while not ending.is_set():
                reply = client.post(f"{server.url}/v1/models/{MODELS[0]}:predict", content=content)
                codes.append(reply.status_code)
                if reply.json() != expected:
                    wrong.append(reply.text)
                # Many requests fall into each reload all the same, and the reloads get their share of the cores.
                time.sleep(0.02)

    callers = [threading.Thread(target=ask) for _ in range(3)]
    for caller in callers:
        caller.start()
    version = stable
    for i in range(RELOADS):
        version = push(root, variant(root, tmp_path, f"v{i}"), {}, keep=2).version
        server.wait(version)
    ending.set()
    for caller in callers:
        caller.join()
    # Counted after it answers.
    counted = f"retail_inventory_reloads_total {RELOADS + 1}.0"
    for _ in range(50):
        if counted in httpx.get(f"{server.url}/metrics").text:
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"{counted} is not among the metrics")
    assert (
        f'retail_inventory_requests_total{{code="400",model="{MODELS[0]}"}} 1.0'
        in httpx.get(f"{server.url}/metrics").text
    )
    assert len(codes) > RELOADS and set(codes) == {200} and not wrong
    # What is no longer answered from is let go of: beside what is kept at most the pair of a request that was late.
    assert len(list((root / ".pairs").iterdir())) <= len(read_state(root).kept) + 1

    late: list[int] = []
    slow = json.dumps({"signature_name": "raw_tensors", "instances": instances * 100})
    caller = threading.Thread(
        target=lambda: late.append(
            httpx.post(f"{server.url}/v1/models/{MODELS[0]}:predict", content=slow, timeout=60).status_code
        )
    )
    caller.start()
    time.sleep(0.1)
    server.process.send_signal(signal.SIGTERM)
    caller.join()
    _, said = server.process.communicate(timeout=60)
    assert late == [200] and "Traceback" not in said
    assert server.process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "--token-file"),
        (["--host", "::"], "--token-file"),
        (["--host", "store.example"], "--token-file"),
        (["--host", "0.0.0.0", "--token-file", "short"], "at least 16 characters"),
        (["--token-file", "none"], "cannot be read as a token"),
        (["--tls-certificate", "good"], "--tls-certificate and --tls-key go together"),
        (["--tls-certificate", "good", "--tls-key", "good"], "holds no certificate in PEM form"),
        (["--host", "203.0.113.1", "--token-file", "good"], "cannot listen on 203.0.113.1"),
    ],
)
def test_it_does_not_begin_without_what_it_needs(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "short").write_text("secret\n")
    (tmp_path / "good").write_text("a-token-of-enough-letters\n")
    named = [str(tmp_path / a) if a in ("short", "good", "none") else a for a in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "serve", "-w", str(tmp_path), "--port", "0", *named],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
