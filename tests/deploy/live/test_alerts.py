"""From what happens to who is told: store and service, exporters, Prometheus, Alertmanager, a webhook."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from contracts.errors import DataRejected, Problem
from pipeline.orders.planning_run import recorded
from pipeline.workspace import new_run_id
from store.server import EmbeddedServer
from tests.deploy.live.programs import running, until
from tests.deploy.live.stack import Platform, started
from tests.grafana.test_platform import expressions


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("platform")
    with (
        EmbeddedServer(tmp_path_factory.mktemp("store")).serving() as store,
        started(folder, store) as made,
    ):
        yield made


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


def test_a_killed_service_is_noticed_and_so_is_its_return(platform: Platform, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "serve", "--workspace", str(tmp_path / "workspace")]
    command += ["--port", str(platform.serving_port)]
    address = f"http://127.0.0.1:{platform.serving_port}/metrics"
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
