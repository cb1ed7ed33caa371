"""What the account of deploy/airflow/service_account.sh may do, by FAB's auth manager and the real API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shop import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
PASSWORD = "no-secret-of-anybody"
_ASK = """
import json, sys
from airflow.api_fastapi.app import create_app
from fastapi.testclient import TestClient
with TestClient(create_app()) as client:
    user = {"username": "deliveries", "password": sys.argv[1]}
    head = {"Authorization": "Bearer " + client.post("/auth/token", json=user).json()["access_token"]}
    found = client.get("/api/v2/assets?name_pattern=sales_data", headers=head).json()["assets"]
    body = {"event": {"asset_id": found[0]["id"]}, "run": {"logical_date": None}, "pause": {"is_paused": True},
            "connection": {"connection_id": "a", "conn_type": "http"}, "variable": {"key": "a", "value": "b"}}
    asked = json.loads(sys.argv[2])
    print(json.dumps([
        client.request(method, "/api/v2" + path, json=body.get(what), headers=head).status_code
        for method, path, what in asked
    ]))
"""
MAY = [
    ("POST", "/assets/events", "event"),
    ("POST", "/dags/training/dagRuns", "run"),
    ("POST", "/dags/planning/dagRuns", "run"),
    # What Airflow's rights do not separate from starting a DAG.
    ("PATCH", "/dags/training", "pause"),
]
MAY_NOT = [
    ("GET", "/dags", None), ("GET", "/dags/training/dagRuns", None),
    ("GET", "/dags/training/dagRuns/x/taskInstances", None),
    ("GET", "/connections", None), ("GET", "/variables", None), ("GET", "/pools", None), ("GET", "/config", None),
    ("POST", "/connections", "connection"), ("POST", "/variables", "variable"), ("DELETE", "/dags/training", None),
]  # fmt: skip


def test_an_event_sender_sends_events_starts_our_dags_and_sees_nothing(
    tmp_path: Path, description: Path
) -> None:
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__FAB__CONFIG_FILE": str(ROOT / "deploy" / "airflow" / "webserver_config.py"),
        "AIRFLOW__RETAIL__DESCRIPTION": str(description),
        "AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64,
        "AIRFLOW": f"{sys.executable} -m airflow",
    }

    def call(*line: str, said: str = "") -> str:
        done = subprocess.run(line, env=environment, input=said, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    script = ROOT / "deploy" / "airflow" / "service_account.sh"
    for command in ("db migrate", "dags reserialize"):
        call(sys.executable, "-m", "airflow", *command.split())
    call("sh", str(script), "deliveries", said=f"{PASSWORD}\n")

    said = call(sys.executable, "-c", _ASK, PASSWORD, json.dumps([*MAY, *MAY_NOT]))
    codes = json.loads(said.splitlines()[-1])
    assert codes == [200] * len(MAY) + [403] * len(MAY_NOT)
