"""The training DAG in this process, with real nodes on a small shop."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from retail.runs import run_id_of
from shop import Shop
from warm import node_server

pytestmark = pytest.mark.slow


def test_training_pushes_a_pair_and_writes_its_page(shop: Shop, dags: dict[str, Any]) -> None:
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    with node_server(shop):
        done = dags["training"].test(run_conf={"re_baseline": ""})
    run = run_id_of(done)
    assert done.state == "success"
    summary = shop.summary(run)
    assert summary["status"] == "pushed"
    assert {component["state"] for component in summary["components"]} == {"ran"}
    assert (shop.workspace / "reports" / run / "index.html").stat().st_size > 10_000
    assert all(states[-1][1] == "COMPLETE" and len(states) == 1 for states in shop.executions(run).values())
    assert len(shop.versions()) == 1
