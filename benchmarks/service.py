"""The prediction service under load, beside the SavedModel called in process; its reloads, and its memory.

    python -m benchmarks.service --workspace workspace --minutes 10

The caller keeps connections open, and runs in a process of its own on the same cores as the service; the SavedModel is
called in a loop of one thread, once on tensors that are ready and once from the same JSON to the same JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import psutil

from benchmarks.harness.report import Report
from contracts.models import DEMAND, MODELS
from pipeline.operations.serve_config import instances_of
from pipeline.workspace import Workspace
from serving.acceptance import read_acceptance
from serving.directory.layout import EXTRA, model_folder, read_state, stable_version
from serving.directory.loading import LoadedModel, load_pair
from serving.directory.pushing import push
from serving.examples import RAW_TENSORS
from serving.service.requests import answer, parse

MODEL = DEMAND
BATCHES = (1, 64)
CALLERS = 2
RELOADS = 20


def timed(call: Callable[[], object], seconds: float) -> list[float]:
    """Seconds of each call, one after the other, for a while."""
    found: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun)
    return found


class Caller:
    """One open connection that asks the same again and again."""

    def __init__(self, url: str, body: bytes) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._body = body

    def ask(self) -> int:
        """The status of an answer that was read to its end."""
        self._connection.request("POST", f"/v1/models/{MODEL}:predict", self._body)
        reply = self._connection.getresponse()
        reply.read()
        return reply.status


_LOAD = """
import json, sys, threading, time
from benchmarks.service import Caller
url, file, callers, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
body = open(file, "rb").read()
found, failed, ended = [], [], threading.Event()
def run():
    caller = Caller(url, body)
    while not ended.is_set():
        begun = time.perf_counter()
        try:
            status = caller.ask()
        except OSError as error:
            status = repr(error)
        found.append(time.perf_counter() - begun)
        if status != 200:
            failed.append(str(status))
threads = [threading.Thread(target=run) for _ in range(callers)]
begun = time.perf_counter()
for thread in threads:
    thread.start()
if seconds:
    time.sleep(seconds)
else:
    sys.stdin.read()
ended.set()
for thread in threads:
    thread.join()
print(json.dumps({"seconds": found, "failed": failed, "wall": time.perf_counter() - begun}))
"""


class Load:
    """Callers in a process of their own; they ask for some seconds, or, with 0, until they are stopped."""

    def __init__(self, url: str, body: bytes, callers: int, folder: Path, seconds: float = 0) -> None:
        file = folder / "body.json"
        file.write_bytes(body)
        self._out = folder / "load.json"
        # Into a file: minutes of requests do not fit into a pipe that nobody reads meanwhile.
        with self._out.open("w") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _LOAD, url, str(file), str(callers), str(seconds)],
                stdin=subprocess.PIPE,
                stdout=out,
                text=True,
            )

    @property
    def goes_on(self) -> bool:
        return self._process.poll() is None

    def end(self) -> dict[str, Any]:
        """What the callers saw: seconds of each request, failures, and seconds in all."""
        self._process.communicate("")
        found: dict[str, Any] = json.loads(self._out.read_text())
        return found


def row(name: str, batch: int, seconds: list[float], wall: float) -> dict[str, Any]:
    """One line of the table."""
    p50, p99 = (1000 * float(np.percentile(seconds, q)) for q in (50, 99))
    return {
        "what": name,
        "rows a request": batch,
        "requests/s": round(len(seconds) / wall, 1),
        "rows/s": round(batch * len(seconds) / wall),
        "p50 ms": round(p50, 2),
        "p99 ms": round(p99, 2),
    }


def in_process(model: LoadedModel, body: bytes, batch: int, seconds: float) -> list[dict[str, Any]]:
    """The SavedModel on tensors, and from JSON to JSON, in this process."""
    ready = parse(body, model.space, needs_interval=False)

    def on_tensors() -> object:
        return model.ask(ready.signature, ready.inputs)

    def on_json() -> object:
        asked = parse(body, model.space, needs_interval=False)
        return answer(model.ask(asked.signature, asked.inputs), asked.by_row)

    made = []
    for name, call in (
        ("SavedModel in process, tensors", on_tensors),
        ("the same from JSON to JSON", on_json),
    ):
        timed(call, seconds / 10)
        found = timed(call, seconds)
        made.append(row(name, batch, found, sum(found)))
    return made


def reloads(url: str, pid: int, root: Path, body: bytes, folder: Path) -> dict[str, Any]:
    """Pushes twenty pairs while callers ask: requests, how many of them failed, and the service's memory."""
    process = psutil.Process(pid)
    before = process.memory_info().rss / 2**20
    load = Load(url, body, CALLERS, folder)
    begun, done = time.perf_counter(), 0
    for i in range(RELOADS):
        version = push(root, _variant(root, folder, f"v{i}"), {}, keep=2).version
        while _serves(url) != str(version):
            time.sleep(0.02)
        done += 1
    wall = time.perf_counter() - begun
    found = load.end()
    p99 = 1000 * float(np.percentile(found["seconds"], 99))
    return {
        "reloads": done,
        "seconds": round(wall, 1),
        "requests": len(found["seconds"]),
        "dropped": len(found["failed"]),
        "p99 ms": round(p99, 2),
        "MiB before": round(before, 1),
        "MiB after": round(process.memory_info().rss / 2**20, 1),
    }


def _variant(root: Path, folder: Path, name: str) -> dict[str, Path]:
    version = max(read_state(root).versions)
    made = {}
    for model in MODELS:
        made[model] = folder / name / model
        shutil.copytree(model_folder(root, version, model), made[model])
        (made[model] / EXTRA / "note").write_text(name)
    return made


def _serves(url: str) -> str | None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/readyz")
        ready = json.loads(connection.getresponse().read())
    except OSError:
        return None
    finally:
        connection.close()
    stable: str | None = ready.get("stable")
    return stable


def memory(url: str, pid: int, body: bytes, folder: Path, minutes: float) -> dict[str, Any]:
    """Resident memory of the service while it is asked without a pause; the trend of the later three quarters."""
    samples: list[tuple[float, float]] = []
    process = psutil.Process(pid)
    load = Load(url, body, CALLERS, folder, 60 * minutes)
    begun = time.perf_counter()
    while load.goes_on:
        samples.append((time.perf_counter() - begun, process.memory_info().rss / 2**20))
        time.sleep(1)
    times, mib = np.array(samples).T
    late = times > times[-1] / 4
    slope = float(np.polyfit(times[late] / 60, mib[late], 1)[0])
    return {
        "minutes": minutes,
        "first MiB": round(float(mib[late][0]), 1),
        "last MiB": round(float(mib[-1]), 1),
        "most MiB": round(float(mib.max()), 1),
        "MiB a minute": round(slope, 3),
    }


def _table(report: Report, title: str, rows: list[dict[str, Any]]) -> None:
    report.table(title, list(rows[0]), [[str(value) for value in one.values()] for one in rows])


def main() -> None:
    """Prints its tables and writes results/service.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workspace", type=Path, required=True, help="with a pushed pair; it is copied")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the memory's observation")
    options = parser.parse_args()
    report = Report("service")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = Workspace(folder / "w").serving
        shutil.copytree(Workspace(options.workspace.resolve()).serving, root, symlinks=True)
        version = stable_version(root)
        model = load_pair(root, version).models[MODEL]
        windows, _ = read_acceptance(str(model_folder(root, version, MODEL)))
        rows = (windows * (BATCHES[-1] // len(windows) + 1))[: BATCHES[-1]]
        instances = instances_of(rows, model.space)
        bodies = {
            batch: json.dumps({"signature_name": RAW_TENSORS, "instances": instances[:batch]}).encode()
            for batch in BATCHES
        }
        table = [
            found
            for batch, body in bodies.items()
            for found in in_process(model, body, batch, options.seconds)
        ]
        server = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "serve", "-w", str(folder / "w"), "--port", "0"]
            + ["--poll-seconds", "0.2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().removeprefix("listens on ").strip()
            while _serves(url) is None:
                time.sleep(0.1)
            for batch, body in bodies.items():
                for callers in (1, CALLERS):
                    Load(url, body, callers, folder, options.seconds / 10).end()
                    found = Load(url, body, callers, folder, options.seconds).end()
                    assert not found["failed"], found["failed"][:3]
                    table.append(row(f"service, {callers} caller(s)", batch, found["seconds"], found["wall"]))
            _table(report, "Demand forecasts, side by side", table)
            reloaded = reloads(url, server.pid, root, bodies[1], folder)
            _table(report, "Reloads under load", [reloaded])
            remembered = memory(url, server.pid, bodies[64], folder, options.minutes)
            _table(report, "Memory of the service under load", [remembered])
        finally:
            server.terminate()
            server.wait()
    report.write({"table": table, "reloads": reloaded, "memory": remembered})


if __name__ == "__main__":
    main()
