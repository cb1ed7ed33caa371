"""What OpenTelemetry's SDK sends, as a server on loopback receives it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from pipeline.node_result import NodeResult
from pipeline.telemetry.collector import Collector, span_id, trace_id
from pipeline.telemetry.logs import Logs

RUN = "20260307T020000Z-1a2b"
LOG = logging.getLogger("components.tried")


class Receiver:
    """Takes OTLP on a free port."""

    def __init__(self) -> None:
        bodies: dict[str, list[bytes]] = {"/v1/logs": [], "/v1/traces": []}
        self.bodies = bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies[self.path].append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{self._server.server_port}"
        self.collector = Collector(f"{base}/v1/logs", f"{base}/v1/traces")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lines(self) -> list[dict[str, Any]]:
        found = []
        for body in self.bodies["/v1/logs"]:
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                of_process = _texts(resource.resource.attributes)
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        line = {
                            "event": record.body.string_value,
                            "trace": record.trace_id,
                            "span": record.span_id,
                        }
                        found.append(of_process | _texts(record.attributes) | line)
        return found

    def spans(self) -> list[Any]:
        return [
            span
            for body in self.bodies["/v1/traces"]
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


def _texts(attributes: Any) -> dict[str, str]:
    return {found.key: found.value.string_value for found in attributes}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers = []
    yield
    logging.captureWarnings(False)
    root.handlers = before


def test_each_process_sends_its_lines_with_run_and_node(receiver: Receiver, tmp_path: Path) -> None:
    logs = Logs(RUN, tmp_path, receiver.collector)
    with logs.command("run", forks=True):
        LOG.info("before the fork")
        child = os.fork()
        if not child:
            lines = logs.start("Transform")
            LOG.info("within", extra={"rows": 5, "token": "s3cr3t"})
            lines.end()
            os._exit(0)
        os.waitpid(child, 0)
    found = {line["event"]: line for line in receiver.lines()}
    assert {"before the fork", "within", "run ended"} <= found.keys()
    assert len(receiver.lines()) == len(found)  # none twice
    assert {(line["service.name"], line["run_id"]) for line in found.values()} == {("retail-inventory", RUN)}
    assert (found["within"]["node"], found["before the fork"]["node"]) == ("Transform", "run")
    assert found["within"]["token"] == "***"
    assert int.from_bytes(found["within"]["trace"], "big") == trace_id(RUN)
    assert int.from_bytes(found["within"]["span"], "big") == span_id(RUN, "Transform")


def test_figures_within_figures_are_attributes_of_their_own(receiver: Receiver, tmp_path: Path) -> None:
    with Logs(RUN, tmp_path, receiver.collector).command("plan"):
        windows = {"train": "5", "eval": {"first": "2026-03-07"}}
        LOG.info(
            "cut", extra={"windows": windows, "unproven": None, "names": ["a", "b"], "mixed": [{"a": None}]}
        )
    (line,) = (line for line in receiver.lines() if line["event"] == "cut")
    assert (
        line.items()
        >= {"windows.train": "5", "windows.eval.first": "2026-03-07", "mixed": '[{"a": null}]'}.items()
    )
    assert {"names"} < line.keys() and not {"windows", "unproven"} & line.keys()
    assert "opentelemetry" not in (tmp_path / "plan.jsonl").read_text()


def test_what_a_node_said_before_it_was_killed_has_been_sent(receiver: Receiver, tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        Logs(RUN, tmp_path, receiver.collector).start("DemandTrainer")
        LOG.info("epoch", extra={"epoch": 1})
        time.sleep(60)
    deadline = time.monotonic() + 30
    while not receiver.lines() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert [(line["node"], line["event"]) for line in receiver.lines()] == [("DemandTrainer", "epoch")]


def test_a_run_is_a_trace_with_a_span_for_each_node_that_began(receiver: Receiver) -> None:
    results = [
        NodeResult("Transform", "ran", 4.0, 700, began=1_000.0),
        NodeResult("DemandTrainer", "failed", 2.5, 900, "its process ended with signal 9", began=1_004.5),
        NodeResult("PairPusher", "skipped"),
    ]
    assert receiver.collector.send_trace(RUN, "failed", results)
    spans = {span.name: span for span in receiver.spans()}
    assert spans.keys() == {"run", "Transform", "DemandTrainer"}
    assert {span.trace_id for span in spans.values()} == {trace_id(RUN).to_bytes(16, "big")}
    assert {spans[name].parent_span_id for name in ("Transform", "DemandTrainer")} == {spans["run"].span_id}
    assert spans["Transform"].span_id == span_id(RUN, "Transform").to_bytes(8, "big")
    times = {
        name: (span.start_time_unix_nano / 1e9, span.end_time_unix_nano / 1e9) for name, span in spans.items()
    }
    assert times == {"run": (1_000, 1_007), "Transform": (1_000, 1_004), "DemandTrainer": (1_004.5, 1_007)}
    codes = {name: span.status.code for name, span in spans.items()}
    assert codes == {"run": 2, "Transform": 1, "DemandTrainer": 2}


def test_a_collector_that_is_not_there_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Logs(RUN, tmp_path, Collector(f"{address}/v1/logs")).command("plan"):
            for number in range(3):
                LOG.info("said", extra={"number": number})
                time.sleep(0.3)  # a batch each
    text = (tmp_path / "plan.jsonl").read_text()
    assert text.count('"event":"said"') == 3 and "plan ended" in text
    assert text.count("opentelemetry") >= 1 and text.count('"logger":"opentelemetry') <= 2
