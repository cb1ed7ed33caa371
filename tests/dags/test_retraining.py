"""A live Airflow in which nobody starts a training: what becomes of sales does. In this order."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from live import Live, product_run
from shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

SETTINGS = """
retraining: {least_periods: 5, cool_down_days: 0, weekly_budget: 10}
"""
BATCH = 14
"""Days of sales in each later delivery; as long as the horizon, so that one plan is scored on all of them."""
PATIENT = 1200.0
"""Seconds for what a busy machine does not do in the usual time."""
QUIET = 15.0
"""Seconds in which an event would have started a training."""


class Deliveries:
    """The shop's files, delivered up to a date."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._files = {name: self._read(name) for name in ("sales_data", "inventory_levels")}
        self.last = date.fromisoformat(max(row["date"] for row in self._files["sales_data"]))

    def deliver(self, until: date, factors: dict[date, float]) -> None:
        """Sells so many times as much from each of the dates on."""
        for name, rows in self._files.items():
            kept = [dict(row) for row in rows if row["date"] <= str(until)]
            for row in kept:
                for after, factor in factors.items():
                    if name == "sales_data" and row["date"] > str(after):
                        row["units_sold"] = str(round(factor * float(row["units_sold"])))
            with self._path(name).open("w", newline="") as file:
                writer = csv.DictWriter(file, list(kept[0]))
                writer.writeheader()
                writer.writerows(kept)

    def _read(self, name: str) -> list[dict[str, str]]:
        with self._path(name).open(newline="") as file:
            return list(csv.DictReader(file))

    def _path(self, name: str) -> Any:
        return self._shop.data / f"{name}.csv"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("retraining") / "shop")
    made.config.write_text(made.config.read_text() + SETTINGS)
    return made


@pytest.fixture(scope="module")
def deliveries(shop: Shop) -> Deliveries:
    return Deliveries(shop)


@pytest.fixture(scope="module")
def live(shop: Shop, deliveries: Deliveries) -> Iterator[Live]:
    deliveries.deliver(deliveries.last - timedelta(days=2 * BATCH), {})
    made = Live(shop.root, shop.compile())
    for dag in ("planning", "training"):
        made.switch_on(dag)
    yield made
    if made.launcher.poll() is None:
        made.stop()


def new_data(live: Live) -> None:
    (asset,) = live.call("GET", "/api/v2/assets?name_pattern=sales_data").json()["assets"]
    assert live.call("POST", "/api/v2/assets/events", {"asset_id": asset["id"]}, user="operator").ok


def trained(live: Live, number: int) -> tuple[str, str]:
    """State and product's id of the training with this number, from 1 on, once it has ended; the newest by then."""
    runs = live.wait(lambda: live.runs("training")[number - 1 :], PATIENT)
    (newest,) = runs
    return live.ended("training", newest["dag_run_id"], PATIENT), product_run(newest)


def planned(live: Live, number: int) -> dict[str, Any]:
    """The last of so many planning runs, once it has ended; the newest by then."""
    runs = live.wait(lambda: live.runs("planning")[number - 1 :], PATIENT)
    live.ended("planning", runs[-1]["dag_run_id"], PATIENT)
    return dict(runs[-1])


def asked(live: Live, planning: dict[str, Any]) -> str:
    """How the task that decides ended."""
    return str(live.tasks("planning", planning["dag_run_id"])["retraining"]["state"])


def test_a_workspace_that_never_trained_trains_by_itself(live: Live, shop: Shop) -> None:
    new_data(live)
    assert asked(live, planned(live, 1)) == "success"
    state, run = trained(live, 1)
    assert state == "success" and "no pair was ever pushed" in shop.summary(run)["because"]
    # The pair that was pushed starts planning, which finds nothing to do and sends no event.
    assert asked(live, planned(live, 2)) == "skipped"


def test_degradation_trains_pushes_and_plans_without_anybody(
    live: Live, shop: Shop, deliveries: Deliveries
) -> None:
    before = deliveries.last - timedelta(days=2 * BATCH)
    deliveries.deliver(before + timedelta(days=BATCH), {before: 2.0})
    new_data(live)
    assert asked(live, planned(live, 3)) == "success"

    state, run = trained(live, 2)
    because = shop.summary(run)["because"]
    assert state == "success" and ("bias of pair" in because or "error (WAPE) of pair" in because)
    assert because in (shop.workspace / "reports" / run / "index.html").read_text()
    assert len(shop.versions()) == 2
    (asset,) = live.call("GET", "/api/v2/assets?name_pattern=retraining").json()["assets"]
    events = live.call("GET", f"/api/v2/assets/events?asset_id={asset['id']}").json()["asset_events"]
    assert sorted(event["source_task_id"] for event in events) == ["retraining", "retraining"]
    told = max(events, key=lambda event: event["timestamp"])["extra"]
    crossed = [finding for finding in told["reasons"] if finding["crossed"]]
    assert crossed and all(finding["value"] > finding["bound"] for finding in crossed)

    assert asked(live, planned(live, 4)) == "skipped"
    assert live.runs("planning")[-1]["state"] == "success"
    assert len(live.runs("training")) == 2


def test_a_refused_training_does_not_loop(live: Live, shop: Shop, deliveries: Deliveries) -> None:
    settings = shop.config.read_text()
    shop.config.write_text(settings.replace("demand_skill: -5", "demand_skill: 0.999"))
    first = deliveries.last - timedelta(days=2 * BATCH)
    # Sales fall back: the gate has seen that the pair forecasts too little of sales that double, and not too much.
    deliveries.deliver(deliveries.last, {first: 2.0, first + timedelta(days=BATCH): 0.5})
    new_data(live)
    assert asked(live, planned(live, 5)) == "success"
    state, run = trained(live, 3)
    assert state == "failed" and shop.summary(run)["status"] == "refused_model"

    # The same data again: the errors still ask for a training, and that it was refused holds it back.
    new_data(live)
    planning = planned(live, 6)
    assert asked(live, planning) == "skipped"
    assert "held back" in live.task_log("planning", planning["dag_run_id"], "retraining")
    time.sleep(QUIET)
    assert len(live.runs("training")) == 3 and len(shop.versions()) == 2
