"""A live Airflow sends its metrics by OpenTelemetry, as docs/observability.md says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live
from receiver import Receiver
from shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.nightly]
DAG = "planning"


@pytest.fixture(scope="module")
def collector() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, collector: Receiver) -> Iterator[Live]:
    root = tmp_path_factory.mktemp("measured")
    environment = {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        # A minute, unless set.
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }
    made = Live(root, _description(root), environment)
    yield made
    made.stop()


def _description(root: Path) -> Path:
    return Shop(root / "shop").compile()


def test_each_task_and_each_run_is_counted_once(live: Live, collector: Receiver) -> None:
    """A task is a process of its own that says what it adds, so the sum of all processes is how often it ended."""
    live.switch_on(DAG)
    # Before all data: its first task fails, tries and all.
    run = live.trigger(DAG, {"as_of": "2000-01-01"})["dag_run_id"]
    assert live.ended(DAG, run, 300) == "failed"
    live.wait(lambda: collector.of("airflow.dagrun.duration.failed", dag_id=DAG), 60)
    (whole,) = collector.of("airflow.dagrun.duration.failed", dag_id=DAG)
    assert whole.count == 1 and whole.value > 0
    tasks = live.tasks(DAG, run)
    ran = {name: task for name, task in tasks.items() if task["state"] != "upstream_failed"}
    assert "begin" in ran and len(ran) < len(tasks)
    for name, task in ran.items():
        ended = collector.of("airflow.ti.finish", dag_id=DAG, task_id=name)
        by_state = dict.fromkeys(("up_for_retry", task["state"]), 0.0)
        for point in ended:
            by_state[point.labels["state"]] += point.value
        assert by_state == {"up_for_retry": task["try_number"] - 1, task["state"]: 1}
    assert {point.labels["task_id"] for point in collector.of("airflow.ti.finish", dag_id=DAG)} == ran.keys()
