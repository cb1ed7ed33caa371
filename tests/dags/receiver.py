"""A receiver of OTLP over HTTP, as a collector is: metrics are kept, lines and traces are taken and let go."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

METRICS = "/v1/metrics"


@dataclass(frozen=True)
class Point:
    """A figure of one series, as one process sent it; of a histogram its sum."""

    name: str
    labels: dict[str, str]
    value: float
    count: int


class Receiver:
    """Listens on loopback."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.paths: set[str] = set()
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                mine.paths.add(self.path)
                if self.path == METRICS:
                    mine.points += points_of(ExportMetricsServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportMetricsServiceResponse().SerializeToString())

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def of(self, name: str, **labels: str) -> list[Point]:
        """What has come of a metric, with these labels and others."""
        return [
            point for point in self.points if point.name == name and labels.items() <= point.labels.items()
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def points_of(request: ExportMetricsServiceRequest) -> list[Point]:
    found = []
    for of_resource in request.resource_metrics:
        for metric in (one for scope in of_resource.scope_metrics for one in scope.metrics):
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points:
                labels = {pair.key: pair.value.string_value for pair in point.attributes}
                if kind in ("histogram", "exponential_histogram"):
                    found.append(Point(metric.name, labels, point.sum, point.count))
                else:
                    value = getattr(point, point.WhichOneof("value"))
                    found.append(Point(metric.name, labels, float(value), 1))
    return found
