"""What logging and tracing take of a run.

    python -m benchmarks.telemetry.telemetry_cost

A run on the sample data, its lines and its trace sent to a receiver on loopback. Then the lines of each of its
processes are written again, by a process forked as the runner forks one: started, written one after the other, and
ended; the quickest of three counts. What that takes is what the run would be shorter by without; two runs, with and
without, differ by more than that by chance.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.harness import measure
from benchmarks.harness.report import Report
from pipeline.cli.logs import ENDPOINT
from pipeline.node_result import NodeResult
from pipeline.sample_data.files import write_sample_data
from pipeline.telemetry.collector import Collector
from pipeline.telemetry.logs import SUFFIX, Logs

_ALWAYS = ("time", "level", "run_id", "node", "event", "logger")
_IMPORTS = """
import time, pipeline.compat, rich.console
began = time.perf_counter()
import pipeline.telemetry.{module}
print(time.perf_counter() - began)
"""


@contextmanager
def receiving() -> Iterator[str]:
    """Takes whatever is sent, on a free port of loopback; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def again(lines: dict[str, list[dict[str, Any]]], folder: Path, collector: Collector | None) -> float:
    """Seconds that it takes to write all lines, a process after the other."""
    logs, began = Logs("20260307T020000Z-1a2b", folder, collector), time.perf_counter()
    for process, said in lines.items():
        child = os.fork()
        if not child:
            with logs.output(process).open("a") as output:
                _say(logs, process, said, output)
            os._exit(0)
        os.waitpid(child, 0)
    return time.perf_counter() - began


def _say(logs: Logs, process: str, said: list[dict[str, Any]], output: Any) -> None:
    writing = logs.start(process, output)
    for line in said:
        figures = {name: value for name, value in line.items() if name not in _ALWAYS}
        logging.getLogger(line["logger"]).log(
            getattr(logging, line["level"].upper()), line["event"], extra=figures
        )
    writing.end()


def quickest(act: Callable[[], float]) -> float:
    """The least of three times."""
    return min(act() for _ in range(3))


def importing(module: str) -> float:
    """Seconds that a command waits for the import."""
    code = _IMPORTS.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Prints one table and writes results/telemetry_cost.json."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="telemetry-") as name, receiving() as address:
        folder = Path(name)
        write_sample_data(folder / "data", stores=4, products=60, periods=730, seed=7, frequency="D")
        command = [sys.executable, "-m", "pipeline", "run", "--data", str(folder / "data")]
        taken = measure.command(
            [*command, "--workspace", str(folder / "workspace")],
            os.environ | {ENDPOINT: address},
            folder / "run.log",
            allowed=(0, 3),
        )
        files = sorted(folder.glob(f"workspace/logs/*/*{SUFFIX}"))
        lines = {
            file.name.removesuffix(SUFFIX): [json.loads(line) for line in file.read_text().splitlines()]
            for file in files
        }
        collector = Collector(f"{address}/v1/logs", f"{address}/v1/traces")
        seconds = {
            "import, without a collector": quickest(lambda: importing("logs")),
            "import, with one": quickest(lambda: importing("collector")),
            "lines, files alone": quickest(lambda: again(lines, folder / "files", None)),
            "lines, files and collector": quickest(lambda: again(lines, folder / "both", collector)),
        }
        results = [NodeResult(process, "ran", 1.0, 500, began=time.time()) for process in lines]
        began = time.perf_counter()
        collector.send_trace("20260307T020000Z-1a2b", "pushed", results)
        seconds["trace"] = time.perf_counter() - began
    files_alone = seconds["import, without a collector"] + seconds["lines, files alone"]
    everything = sum(spent for part, spent in seconds.items() if part != "lines, files alone")
    report, count = Report("telemetry_cost"), sum(map(len, lines.values()))
    report.table(
        f"Logging and tracing, of a run of {taken.seconds:.0f} s with {count} lines of {len(lines)} processes",
        ["part", "seconds", "share of the run"],
        [
            *([part, f"{spent:.3f}", f"{spent / taken.seconds:.2%}"] for part, spent in seconds.items()),
            ["all without a collector", f"{files_alone:.3f}", f"{files_alone / taken.seconds:.2%}"],
            ["all with one", f"{everything:.3f}", f"{everything / taken.seconds:.2%}"],
        ],
    )
    report.write(
        {
            "seconds": seconds,
            "run_seconds": taken.seconds,
            "lines": count,
            "files_alone": files_alone / taken.seconds,
            "with_collector": everything / taken.seconds,
        }
    )


if __name__ == "__main__":
    main()
