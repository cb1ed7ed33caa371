"""Airflow as ``make airflow`` starts it, on PostgreSQL, spoken to by REST."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import psycopg
import requests
from retail.runs import run_id_of
from shop import CLEAN, PRODUCT, ROOT, Shop


class Live:
    """The launcher and its processes."""

    def __init__(self, root: Path, description: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home, self._database = root / "home", root / "database"
        self.port = _free_port()
        line = [
            sys.executable, str(ROOT / "scripts" / "serve_airflow.py"), "--home", str(self.home),
            "--description", str(description), "--port", str(self.port), "--database", self._postgres(),
        ]  # fmt: skip
        self.log = root / "serve.log"
        with self.log.open("wb") as out:
            self.launcher = subprocess.Popen(
                line,
                env=os.environ | {"AIRFLOW__RETAIL__RETRY_DELAY": "2"} | dict(environment or {}),
                stdout=out,
                stderr=out,
            )
        self.wait(lambda: "Ctrl-C ends it" in self.log.read_text(), 150)

    def _postgres(self) -> str:
        done = subprocess.run(
            [PRODUCT, "-m", "pipeline", "database", "start", "--workspace", self._database],
            env=CLEAN, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        owner = str(json.loads((self._database / "postgres" / "connections.json").read_text())["owner"])
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE DATABASE airflow")
        return owner.removesuffix("retail").replace("postgresql://", "postgresql+psycopg2://") + "airflow"

    def stop(self) -> int:
        """As Ctrl-C does; returns the launcher's exit code."""
        self.launcher.send_signal(signal.SIGINT)
        code = self.launcher.wait(60)
        subprocess.run(
            [PRODUCT, "-m", "pipeline", "database", "stop", "--workspace", self._database],
            env=CLEAN, check=True, capture_output=True,
        )  # fmt: skip
        return code

    def wait(self, until: Callable[[], Any], seconds: float) -> Any:
        """Returns the first true value."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.launcher.poll() is None, self.log.read_text()
            found = until()
            if found:
                return found
            time.sleep(0.2)
        raise AssertionError(f"waited {seconds} s in vain; {self.log.read_text()}")

    def call(
        self, method: str, path: str, body: Any = None, user: str | None = "operator"
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token(user)}"} if user else {}
        return requests.request(
            method, f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, timeout=30
        )

    def _token(self, user: str) -> str:
        password = json.loads((self.home / "secrets.json").read_text())["passwords"][user]
        found = requests.post(
            f"http://127.0.0.1:{self.port}/auth/token",
            json={"username": user, "password": password},
            timeout=30,
        )
        return str(found.json()["access_token"])

    def switch_on(self, dag: str) -> None:
        self.wait(lambda: self.call("GET", f"/api/v2/dags/{dag}").status_code == 200, 60)
        assert self.call("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}).status_code == 200

    def trigger(self, dag: str, conf: dict[str, Any] | None = None) -> dict[str, Any]:
        found = self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf or {}})
        assert found.status_code == 200, found.text
        return dict(found.json())

    def runs(self, dag: str) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/api/v2/dags/{dag}/dagRuns").json()["dag_runs"])

    def ended(self, dag: str, run: str, seconds: float) -> str:
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}"

        def state() -> str | None:
            found = self.call("GET", path)
            return (
                found.json()["state"] if found.ok and found.json()["state"] in ("success", "failed") else None
            )

        return str(self.wait(state, seconds))

    def tasks(self, dag: str, run: str) -> dict[str, dict[str, Any]]:
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}/taskInstances"
        return {task["task_id"]: task for task in self.call("GET", path).json()["task_instances"]}

    def task_log(self, dag: str, run: str, task: str) -> str:
        path = (
            f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}/taskInstances/{task}/logs/1?full_content=true"
        )
        return self.call("GET", path).text


def product_run(dag_run: dict[str, Any]) -> str:
    """The product's id of a run of a DAG."""
    after = datetime.fromisoformat(dag_run["run_after"].replace("Z", "+00:00"))
    return run_id_of(SimpleNamespace(run_id=dag_run["dag_run_id"], run_after=after))


def node_process(shop: Shop, run: str, node: str) -> int | None:
    """The process that runs a node: the one whose output is the node's log."""
    log = shop.workspace / "logs" / run / f"{node}.log"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "fd" / "1").resolve() == log.resolve() and log.exists():
                    return int(entry.name)
            except (PermissionError, FileNotFoundError, ProcessLookupError):
                continue
    return None


def working_process(shop: Shop, run: str, node: str) -> int | None:
    """The same, once the store knows of its execution and its outputs have their folders: in the midst of its work."""
    outputs = shop.workspace.glob(f"artifacts/{node}/*/*")
    return node_process(shop, run, node) if any(path.name.isdigit() for path in outputs) else None


def task_process(node: str) -> int | None:
    """The process of a task's own command."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"run-node" in line and node.encode() in line:
                return int(entry.name)
    return None


def _free_port() -> int:
    """A port whose next one is free too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
