"""A live Airflow on PostgreSQL: rights, kills, a refusal, and an end that leaves nothing behind. In this order."""

from __future__ import annotations

import csv
import os
import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live, node_process, product_run, task_process, working_process
from shop import Shop, processes_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def shop(place: Path) -> Shop:
    return Shop(place / "shop")


@pytest.fixture(scope="module")
def live(place: Path, shop: Shop) -> Iterator[Live]:
    made = Live(place, shop.compile())
    yield made
    if made.launcher.poll() is None:
        made.stop()


def test_who_may_do_what(live: Live) -> None:
    live.wait(lambda: live.call("GET", "/api/v2/dags/training").status_code == 200, 60)
    assert live.call("GET", "/api/v2/dags", user="viewer").status_code == 200
    body = {"logical_date": None}
    assert live.call("POST", "/api/v2/dags/training/dagRuns", body, user="viewer").status_code == 403
    assert live.call("GET", "/api/v2/dags", user=None).status_code == 401
    wrong = {"logical_date": None, "conf": {"as_of": 7}}
    assert live.call("POST", "/api/v2/dags/training/dagRuns", wrong).status_code == 400
    for name in ("secrets.json", "passwords.json"):
        assert stat.S_IMODE((live.home / name).stat().st_mode) == 0o600


def test_a_run_survives_kills_of_a_node_of_a_task_and_of_the_scheduler(live: Live, shop: Shop) -> None:
    for dag in ("planning", "training"):
        live.switch_on(dag)
    started = live.trigger("training")
    run = product_run(started)

    os.kill(live.wait(lambda: working_process(shop, run, "Transform"), 120), signal.SIGKILL)

    live.wait(lambda: working_process(shop, run, "DemandTrainer"), 120)
    os.kill(live.wait(lambda: task_process("DemandTrainer"), 10), signal.SIGKILL)

    live.wait(lambda: node_process(shop, run, "ReplenishmentTrainer"), 120)
    (scheduler,) = [
        int(line.split()[0])
        for line in processes_of(Path("airflow"))
        if re.search(r"-m airflow scheduler", line)
    ][:1]
    os.kill(scheduler, signal.SIGKILL)

    assert live.ended("training", started["dag_run_id"], 400) == "success"
    assert "scheduler ended and is started again" in live.log.read_text()
    executions = shop.executions(run)
    for name, states in executions.items():
        # TFX takes a failed execution of the same run up again, once its outputs are gone.
        assert [state for _, state in states].count("COMPLETE") == 1, name
        assert {state for _, state in states} <= {"COMPLETE", "FAILED"}, name
    tries = {name: task["try_number"] for name, task in live.tasks("training", started["dag_run_id"]).items()}
    assert tries["Transform"] == tries["DemandTrainer"] == 2 and tries["DataGate"] == 1
    complete = {id_ for states in executions.values() for id_, state in states if state == "COMPLETE"}
    for folder in shop.workspace.glob("artifacts/*/*/*"):
        if folder.name.isdigit() and ".system" not in folder.parts:
            assert int(folder.name) in complete, f"{folder} was left behind"
    assert shop.summary(run)["status"] == "pushed"
    assert len(shop.versions()) == 1


def test_a_pushed_pair_starts_planning(live: Live, shop: Shop) -> None:
    (planned,) = live.wait(lambda: live.runs("planning"), 30)
    assert live.ended("planning", planned["dag_run_id"], 120) == "success"
    assert list(shop.workspace.glob("plans/*/order_lines.csv"))
    links = live.call(
        "GET",
        f"/api/v2/dags/training/dagRuns/{live.runs('training')[0]['dag_run_id']}/taskInstances/finish/links",
    )
    address = links.json()["extra_links"]["Report"]
    assert re.fullmatch(rf"http://127\.0\.0\.1:{live.port + 1}/2\d+T\d+Z-\w+/index\.html", address)


def test_new_data_start_planning(live: Live) -> None:
    (asset,) = live.call("GET", "/api/v2/assets?name_pattern=sales_data").json()["assets"]
    assert live.call("POST", "/api/v2/assets/events", {"asset_id": asset["id"]}, user="operator").ok
    second = live.wait(lambda: live.runs("planning")[1:], 30)
    assert {live.ended("planning", found["dag_run_id"], 120) for found in live.runs("planning")} == {
        "success"
    }
    assert second


def test_refused_data_fail_without_another_try_and_say_why(live: Live, shop: Shop) -> None:
    sales = shop.data / "sales_data.csv"
    with sales.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["unit_price"] = str(100 * float(row["unit_price"]))
    before = shop.versions(), len(shop.failures())
    with sales.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    started = live.trigger("training")
    assert live.ended("training", started["dag_run_id"], 200) == "failed"

    tasks = live.tasks("training", started["dag_run_id"])
    assert (tasks["DataGate"]["state"], tasks["DataGate"]["try_number"]) == ("failed", 1)
    for later in ("Windowing", "Transform", "DemandTrainer", "PairPusher", "MetricsExporter"):
        assert tasks[later]["state"] == "upstream_failed", later
    assert "unit_price" in live.task_log("training", started["dag_run_id"], "DataGate")
    failed = {line["task"]: line for line in shop.failures()[before[1] :]}
    assert failed["DataGate"]["run"] == product_run(started) and "refused" in failed["DataGate"]["reason"]
    assert shop.summary(product_run(started))["status"] == "refused_data"
    assert shop.versions() == before[0]


def test_ctrl_c_leaves_no_process(live: Live, place: Path) -> None:
    assert live.stop() == 0
    assert processes_of(place) == []
