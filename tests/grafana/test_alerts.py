"""Which alert rings when: the rules' own SQL on a real PostgreSQL, at the times of a simulated month."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
import yaml

from store.connections import Connections
from tests.grafana.board_files import ALERTS, GRAFANA, read
from tests.grafana.simulated_month import CLOCK, TABLES, Figures, Life, rings
from tests.places import ROOT


def from_day(number: int, bad: Figures) -> Callable[[int], Figures]:
    return lambda day: bad if day >= number else Figures()


def until_day(number: int, bad: Figures) -> Callable[[int], Figures]:
    return lambda day: bad if day <= number else Figures()


MONDAYS = (8, 15, 22, 29)
MONTH: list[tuple[str, Life, dict[str, str]]] = [
    # How the month goes, and by alert from when until when it rings: day and hour, looked at every three hours.
    # Day 1 is a Monday. Sales come at 4, planning is from 5:00 to 5:20, training on Mondays from 3:00 to 4:00.
    ("all is punctual", Life(), {}),
    ("weekly data, punctual", Life(period_days=7), {}),
    (
        "weekly data, planned on Mondays",
        Life(7, plans={day: "not at all" for day in range(-20, 31) if day % 7 != 1}),
        {},
    ),
    ("one day's sales come a day late", Life(arrives={10: 1}), {}),
    ("a holiday and the day after without deliveries", Life(arrives={10: 2, 11: 1}), {}),
    ("sales are four days late", Life(arrives={10: 4}), {"Data late": "13 12h-15 03h"}),
    (
        "weekly data are refused from the second week on",
        Life(
            7,
            plans=dict.fromkeys(range(8, 31), "refused_data"),
            trains=dict.fromkeys(MONDAYS, "refused_data"),
        ),
        {
            "Planning refused": "8 06h-30 21h",
            "No plan for today": "15 03h-30 21h",
            "Run refused": "8 06h-30 21h",
            "Data late": "16 12h-30 21h",
        },
    ),
    (
        "a day's data are refused",
        Life(plans={10: "refused_data"}),
        {"Planning refused": "10 06h-11 03h", "No plan for today": "10 09h-11 03h"},
    ),
    (
        "planning fails two days running",
        Life(plans={10: "failed", 11: "failed"}),
        {"Planning refused": "10 06h-12 03h", "No plan for today": "10 09h-12 03h"},
    ),
    (
        "planning is paused for four days",
        Life(plans=dict.fromkeys(range(10, 14), "not at all")),
        {"No plan for today": "10 09h-14 03h", "Data late": "12 12h-14 03h"},
    ),
    (
        "planning hangs",
        Life(plans={10: "hangs"}),
        {"No plan for today": "10 09h-11 03h", "Run hangs": "10 09h-11 03h"},
    ),
    ("training fails once", Life(trains={8: "failed"}), {"Retraining failed": "8 06h-15 03h"}),
    (
        "a pair is refused, then training hangs",
        Life(trains={8: "refused_model", 15: "hangs"}),
        {"Run refused": "8 06h-22 03h", "Run hangs": "15 09h-22 00h"},
    ),
    (
        "training is paused",
        Life(trains=dict.fromkeys((-6, 1, *MONDAYS), "not at all")),
        {"Serving pair too old": "22 06h-30 21h"},
    ),
    (
        "forecasts get worse than naive",
        Life(figures=from_day(5, Figures(error=400))),
        {"Forecast degraded": "18 06h-30 21h"},
    ),
    ("a few bad days", Life(figures=lambda day: Figures(error=400) if 10 <= day <= 12 else Figures()), {}),
    (
        "forecasts rise above the sales",
        Life(figures=from_day(5, Figures(forecast=1300))),
        {"Realised bias": "19 06h-30 21h"},
    ),
    (
        "forecasts were too low, and are no more",
        Life(figures=until_day(4, Figures(forecast=710))),
        {"Realised bias": "1 00h-19 03h"},
    ),
    ("backed up each night", Life(backed_up=range(-20, 31)), {}),
    (
        "two nights without a back-up",
        Life(backed_up=[*range(-20, 10), *range(12, 31)]),
        {"Back-up too old": "10 06h-12 00h"},
    ),
    (
        "shelves run empty",
        Life(figures=from_day(5, Figures(out=3))),
        {"Stock-outs above target": "13 06h-30 21h"},
    ),
    ("a feed stands still", Life(frozen=(10,)), {"Frozen feed": "10 06h-11 03h"}),
]


@pytest.fixture(scope="module")
def clock(store: Connections) -> Iterator[psycopg.Connection]:
    with psycopg.connect(store.owner) as connection:
        connection.execute(CLOCK.encode())
        yield connection
        connection.rollback()


@pytest.fixture
def month(clock: psycopg.Connection) -> Iterator[psycopg.Connection]:
    with clock.transaction(force_rollback=True):
        for table in TABLES:
            clock.execute(f"DELETE FROM retail.{table}".encode())
        yield clock


@pytest.mark.parametrize(("life", "expected"), [row[1:] for row in MONTH], ids=[row[0] for row in MONTH])
def test_what_rings_when(month: psycopg.Connection, life: Life, expected: dict[str, str]) -> None:
    assert rings(month, life) == expected


def test_every_rule_rings_in_some_month() -> None:
    rules = {rule["title"] for rule in read(ALERTS)["groups"][0]["rules"]}
    assert {title for _, _, expected in MONTH for title in expected} == rules


def test_an_empty_store_rings_nothing(month: psycopg.Connection) -> None:
    nothing = Life(
        plans=dict.fromkeys(range(-30, 31), "not at all"), trains=dict.fromkeys(range(-30, 31), "not at all")
    )
    assert rings(month, nothing) == {}


def test_every_rule_says_how_grave_it_is_and_where_it_is_written_what_to_do() -> None:
    headings = {
        re.sub(r"[^a-z0-9]+", "-", line[3:].lower())
        for line in (ROOT / "docs" / "runbooks.md").read_text().splitlines()
        if line.startswith("## ")
    }
    for rule in read(ALERTS)["groups"][0]["rules"]:
        address, heading = rule["annotations"]["runbook_url"].split("#")
        assert address == "${RETAIL_RUNBOOKS}" and heading in headings, rule["title"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        # Grafana puts its environment into these files, so that any other dollar would be lost.
        assert json.dumps(rule).count("$") == 1
        assert rule["condition"] == "B" and rule["data"][0]["datasourceUid"] == "retail-postgres"


def test_whoever_is_told_comes_from_the_environment_and_critical_alerts_reach_the_webhook() -> None:
    told = yaml.safe_load((GRAFANA / "provisioning" / "alerting" / "contact.yaml").read_text())
    points = {
        point["name"]: {receiver["type"]: receiver["settings"] for receiver in point["receivers"]}
        for point in told["contactPoints"]
    }
    uids = [receiver["uid"] for point in told["contactPoints"] for receiver in point["receivers"]]
    assert len(set(uids)) == len(uids)
    (policy,) = told["policies"]
    (critical,) = policy["routes"]
    assert set(points[policy["receiver"]]) == {"email"}
    assert set(points[critical["receiver"]]) == {"email", "webhook"}
    assert critical["object_matchers"] == [["severity", "=", "critical"]]
    for point in points.values():
        assert point["email"]["addresses"] == "${RETAIL_ALERT_EMAIL}"
        assert point.get("webhook", {"url": "${RETAIL_ALERT_WEBHOOK}"})["url"] == "${RETAIL_ALERT_WEBHOOK}"
