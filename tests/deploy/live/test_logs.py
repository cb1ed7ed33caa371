"""A run's lines in a real store of logs: of every node, and of one that was killed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest

from serving.directory.layout import MANIFEST_FILE, PAIRS, read_state
from tests.deploy.live.configurations import alertmanager
from tests.deploy.live.programs import free_port, get, program, running, until
from tests.deploy.test_monitor_pipeline import monitored
from tests.grafana.board_files import GRAFANA, read
from tests.pipeline.small import Small

TRAINER = "DemandTrainer"


@dataclass
class Store:
    """VictoriaLogs, as it is asked."""

    address: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What docs/observability.md says to set."""
        return {
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{self.address}/insert/opentelemetry/v1/logs",
            "OTEL_EXPORTER_OTLP_HEADERS": "VL-Stream-Fields=service.name%2Crun_id",
        }

    def asked(self, query: str) -> list[dict[str, Any]]:
        found = get(f"{self.address}/select/logsql/query?{urlencode({'query': query})}")
        return [json.loads(line) for line in found.splitlines()]


@dataclass
class Lived:
    """A run one of whose nodes was killed, and the one after it."""

    small: Small
    killed: str
    whole: str


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder, port = tmp_path_factory.mktemp("victoria"), free_port()
    command = [
        program("victoria-logs"),
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr=127.0.0.1:{port}",
    ]
    address = f"http://127.0.0.1:{port}"
    with running(command, folder / "log", f"{address}/health"):
        yield Store(address)


@pytest.fixture(scope="module")
def lived(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    small = Small(tmp_path_factory.mktemp("lines"))
    environment = {**os.environ, **store.environment}
    process = subprocess.Popen(small.command(), env=environment, stdout=subprocess.DEVNULL)
    logs = small.workspace / "logs"
    until(lambda: list(logs.glob(f"*/{TRAINER}.log")), "the trainer begins", 300)
    run_id = next(logs.iterdir()).name
    until(
        lambda: store.asked(f'run_id:="{run_id}" node:={TRAINER} _msg:=epoch'),
        "its first epoch is known",
        300,
    )
    (trainer,) = [child for child in psutil.Process(process.pid).children() if _prints_into(child, TRAINER)]
    trainer.kill()
    assert process.wait(300) == 1
    done = subprocess.run(small.command(), env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    (whole,) = {path.name for path in logs.iterdir()} - {run_id}
    return Lived(small, run_id, whole)


def _prints_into(process: psutil.Process, node: str) -> bool:
    return Path(f"/proc/{process.pid}/fd/1").resolve().name == f"{node}.log"


def test_every_node_of_a_run_is_found_by_its_id(store: Store, lived: Lived) -> None:
    nodes = {component["node"] for component in lived.small.summaries()[-1]["components"]}

    def counts() -> dict[str, int]:
        found = store.asked(f'run_id:="{lived.whole}" | stats by (node) count() lines')
        return {line["node"]: int(line["lines"]) for line in found}

    until(lambda: counts().keys() >= {*nodes, "run"}, "all nodes")
    logs = lived.small.workspace / "logs" / lived.whole
    in_files = {path.stem: len(path.read_text().splitlines()) for path in logs.glob("*.jsonl")}
    # What the sender itself has to say stands in the files alone.
    assert counts() == in_files


def test_figures_are_fields_that_can_be_asked_for(store: Store, lived: Lived) -> None:
    (pushed,) = store.asked(f'run_id:="{lived.whole}" _msg:=pushed')
    assert pushed["node"] == "PairPusher" and int(pushed["version"]) in lived.small.versions(
        "demand_forecasting"
    )
    checks = store.asked(f'run_id:="{lived.whole}" _msg:=check gate:=model | fields check, value, threshold')
    assert len(checks) > 5 and all({"check", "value", "threshold"} <= found.keys() for found in checks)


def test_what_a_killed_node_did_last_is_found_by_the_run(store: Store, lived: Lived) -> None:
    of_node = f'run_id:="{lived.killed}" node:={TRAINER} | sort by (_time)'
    assert [line["_msg"] for line in store.asked(of_node)][:2] == ["node begins", "training begins"]
    assert store.asked(of_node)[-1]["_msg"] in ("epoch", "final pass", "weights kept", "trees weighed")
    (ended,) = store.asked(f'run_id:="{lived.killed}" node:=run of:={TRAINER}')
    assert (ended["_msg"], ended["reason"]) == ("node was failed", "its process ended with signal 9")


def test_the_monitor_says_how_runs_ended_and_what_rings(lived: Lived, tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = ["--workspace", lived.small.workspace, "--plan-days", "0"]
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={alertmanager(tmp_path, 'http://127.0.0.1:1/hook')}",
        f"--storage.path={tmp_path / 'storage'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(command, tmp_path / "log", f"{address}/-/ready"):
        done = monitored(*options, "--alertmanager", address)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"run {lived.killed}: failed" in done.stdout and f"run {lived.whole}: pushed" in done.stdout
        assert "all is well" in done.stdout
        added = [program("amtool"), "alert", "add", "RetailNoPlan", "severity=critical"]
        added += ["--annotation=summary=No plan in time", f"--alertmanager.url={address}"]
        subprocess.run(added, check=True)
        until(lambda: "RetailNoPlan" in get(f"{address}/api/v2/alerts"), "the alert")
        done = monitored(*options, "--alertmanager", address, "--quiet")
        assert (done.returncode, done.stdout) == (1, "WRONG: alert RetailNoPlan: No plan in time\n")
    root = lived.small.workspace / "serving"
    manifest = root / PAIRS / str(read_state(root).stable) / MANIFEST_FILE
    manifest.write_text(
        json.dumps(json.loads(manifest.read_text()) | {"pushed_at": "2020-01-01T00:00:00+00:00"})
    )
    done = monitored(*options)
    days = read(GRAFANA / "gates.json")["watch"]["pair_days"]
    assert done.returncode == 1 and f"older than {days} days" in done.stdout
