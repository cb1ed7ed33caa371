"""From what happens to who is told: store and service, exporters, Prometheus, Alertmanager, a webhook."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from contracts.errors import DataRejected, Problem
from pipeline.orders.planning_run import recorded
from pipeline.workspace import new_run_id
from store.connections import Connections
from store.server import EmbeddedServer
from tests.deploy.live.configurations import alertmanager, filled_in, prometheus
from tests.deploy.live.programs import free_port, get, program, running, until
from tests.grafana.test_platform import expressions


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
    alertmanager: str

    def asked(self, query: str) -> list[dict[str, Any]]:
        found = json.loads(get(f"{self.prometheus}/api/v1/query?{urlencode({'query': query})}"))
        result: list[dict[str, Any]] = found["data"]["result"]
        return result

    def told(self, alert: str, status: str) -> None:
        until(lambda: (alert, status) in self.webhook.told, f"{alert} is {status}; told: {self.webhook.told}")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("platform")
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
        store = stack.enter_context(EmbeddedServer(folder / "store").serving())
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
        yield Platform(
            store, webhook, *(f"http://127.0.0.1:{ports[name]}" for name in ("prometheus", "alertmanager"))
        )


@pytest.fixture(scope="module")
def serving_port(platform: Platform) -> int:
    (target,) = until(
        lambda: [
            target["labels"]["instance"]
            for target in json.loads(get(f"{platform.prometheus}/api/v1/targets"))["data"]["activeTargets"]
            if target["labels"]["job"] == "retail-serving"
        ],
        "a target of the service",
    )
    return int(target.rsplit(":", 1)[1])


def test_a_refused_planning_run_reaches_somebody_and_resolves(platform: Platform) -> None:
    problem = Problem("sales.csv", "negative_units", "is below 0", "Correct it")
    with pytest.raises(DataRejected), recorded(platform.store, new_run_id(), 1):
        raise DataRejected([problem])
    platform.told("RetailPlanningRefused", "firing")
    assert platform.webhook.links["RetailPlanningRefused"] == "docs/runbooks.md#planning-refused"
    with recorded(platform.store, new_run_id(), 1):
        pass
    platform.told("RetailPlanningRefused", "resolved")


def test_a_refused_training_run_reaches_somebody_and_resolves(platform: Platform) -> None:
    def train(status: str) -> None:
        with psycopg.connect(platform.store.writer) as connection:
            connection.execute(
                "INSERT INTO retail.runs (run_id, began, ended, status, period_days) VALUES (%s, now(), now(), %s, 1)",
                [new_run_id(), status],
            )

    train("refused_model")
    platform.told("RetailTrainingRefused", "firing")
    train("pushed")
    platform.told("RetailTrainingRefused", "resolved")


def test_a_killed_service_is_noticed_and_so_is_its_return(
    platform: Platform, serving_port: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipeline", "serve", "--workspace", str(tmp_path / "workspace")]
    command += ["--port", str(serving_port)]
    address = f"http://127.0.0.1:{serving_port}/metrics"
    up = 'up{job="retail-serving"} == %d'
    told = platform.webhook.told
    with running(command, tmp_path / "service.log", address) as service:
        until(lambda: platform.asked(up % 1), "the service is seen")
        assert platform.asked('process_resident_memory_bytes{job="retail-serving"} > 1e8')
        assert platform.asked("retail_inventory_requests_in_flight == 0")
        # Before it was started it was missed too.
        until(lambda: ("RetailServiceDown", "resolved") in told, "its start is told")
        before = len(told)
        service.kill()
        until(lambda: ("RetailServiceDown", "firing") in told[before:], "its end is told")
    with running(command, tmp_path / "service.log", address):
        until(lambda: ("RetailServiceDown", "resolved") in told[before:], "its return is told")


def test_prometheus_understands_every_query_of_the_board_platform(platform: Platform) -> None:
    for title, expression in expressions():
        platform.asked(expression)  # an HTTP error where it does not
        if title in (
            "Not answering",
            "Alerts that ring",
            "Least room on a disk",
            "Memory to spare",
            "What answers",
        ):
            until(lambda expression=expression: platform.asked(expression), title)  # type: ignore[misc]


def test_every_source_is_measured(platform: Platform) -> None:
    for query in (
        "node_memory_MemAvailable_bytes > 0",
        "retail:disk_free:ratio > 0",
        "pg_up == 1",
        'max(sql_exporter_last_scrape_failed{job="retail-store"}) == 0',
        'sql_retail_stock{col="series"} == 0',
    ):
        until(lambda query=query: platform.asked(query), query)  # type: ignore[misc]
    labels = platform.asked('sql_retail_stock{col="series"}')[0]["metric"]
    assert labels.keys() == {"__name__", "instance", "job", "col"}  # nothing names role or database
