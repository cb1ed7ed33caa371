"""Prometheus with all that it asks and tells, on loopback: exporters, Alertmanager, a webhook."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from store.connections import Connections
from tests.deploy.live.configurations import alertmanager, filled_in, prometheus
from tests.deploy.live.programs import free_port, get, program, running, until


class Webhook:
    """Whoever is on duty: what they were told, alert by status."""

    def __init__(self) -> None:
        told: list[tuple[str, str]] = []
        self.told = told
        self.links: dict[str, str] = {}
        links = self.links

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["content-length"])))
                for alert in content["alerts"]:
                    told.append((alert["labels"]["alertname"], alert["status"]))
                    links[alert["labels"]["alertname"]] = alert["annotations"]["runbook_url"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Platform:
    """All that runs."""

    store: Connections
    webhook: Webhook
    prometheus: str
    serving_port: int

    def asked(self, query: str) -> list[dict[str, Any]]:
        found = json.loads(get(f"{self.prometheus}/api/v1/query?{urlencode({'query': query})}"))
        result: list[dict[str, Any]] = found["data"]["result"]
        return result

    def told(self, alert: str, status: str) -> None:
        until(lambda: (alert, status) in self.webhook.told, f"{alert} is {status}; told: {self.webhook.told}")


@contextmanager
def started(folder: Path, store: Connections) -> Iterator[Platform]:
    """All of it but the prediction service, whose port is kept free.

    Args:
        folder: of configurations, logs and figures; empty.
        store: that the exporters read as the role that may only read.
    """
    names = ("prometheus", "alertmanager", "serving", "sql_exporter", "node_exporter", "postgres_exporter")
    ports = {name: free_port() for name in names}
    programs = {
        name: program(found)
        for name, found in (
            ("prometheus", "prometheus"),
            ("alertmanager", "prometheus-alertmanager"),
            ("sql_exporter", "prometheus-sql-exporter"),
            ("node_exporter", "prometheus-node-exporter"),
            ("postgres_exporter", "prometheus-postgres-exporter"),
        )
    }
    webhook = Webhook()
    with ExitStack() as stack:
        stack.callback(webhook.close)
        reader = re.sub("^postgresql", "postgres", store.reader or "") + "?sslmode=disable"

        def start(name: str, *arguments: str, ready: str = "/metrics", **environment: str) -> None:
            listen = f"127.0.0.1:{ports[name]}"
            command = [programs[name], *(argument.replace("LISTEN", listen) for argument in arguments)]
            address = f"http://{listen}{ready}"
            stack.enter_context(running(command, folder / f"{name}.log", address, environment, folder))

        sql = filled_in(
            "prometheus/sql_exporter.yml.in",
            folder / "sql_exporter.yml",
            {"RETAIL_MONITORING_ADDRESS": reader},
        )
        sql.write_text(sql.read_text().replace("interval: 30s", "interval: 1s"))
        start("sql_exporter", "-config.file", str(sql), "-web.listen-address", "LISTEN")
        start("node_exporter", "--web.listen-address=LISTEN")
        start(
            "postgres_exporter",
            "--web.listen-address=LISTEN",
            "--no-collector.bgwriter",
            DATA_SOURCE_NAME=reader,
        )
        file = alertmanager(folder, webhook.address)
        # Mail has nobody to take it here, and what is grouped waits a minute.
        file.write_text(re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", file.read_text()))
        start(
            "alertmanager",
            f"--config.file={file}",
            f"--storage.path={folder / 'alertmanager'}",
            "--web.listen-address=LISTEN",
            "--cluster.listen-address=",
            ready="/-/ready",
        )
        start(
            "prometheus",
            f"--config.file={prometheus(folder / 'configuration', ports)}",
            f"--storage.tsdb.path={folder / 'metrics'}",
            "--web.listen-address=LISTEN",
            ready="/-/ready",
        )
        yield Platform(store, webhook, f"http://127.0.0.1:{ports['prometheus']}", ports["serving"])
