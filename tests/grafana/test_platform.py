"""The dashboard on Prometheus: laid out, on its own data source, and with the bounds that alerts ring at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.grafana.board_files import GRAFANA, PLATFORM, panels, read
from tests.grafana.lint import WIDTH
from tests.places import ROOT

SOURCE = {"type": "prometheus", "uid": "retail-prometheus"}
RULES = ROOT / "deploy" / "prometheus" / "rules" / "retail.yml"


def expressions() -> Iterator[tuple[str, str]]:
    """Title and PromQL of each query."""
    for panel in panels(read(PLATFORM)):
        for target in panel["targets"]:
            assert target["datasource"] == SOURCE
            yield panel["title"], target["expr"]


def steps(panel: dict[str, Any]) -> list[float]:
    return [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]][1:]


def test_every_panel_says_what_it_shows_and_lines_are_filled() -> None:
    board = read(PLATFORM)
    widths: dict[int, int] = {}
    for panel in panels(board):
        assert panel["datasource"] == SOURCE and len(panel["description"]) >= 20
        assert panel["fieldConfig"]["defaults"]["noValue"] and panel["fieldConfig"]["defaults"]["unit"]
        widths[panel["gridPos"]["y"]] = widths.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]
    assert set(widths.values()) == {WIDTH}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) and board["editable"] is False


def test_bounds_are_those_at_which_alerts_ring() -> None:
    text = RULES.read_text()
    bounds = {
        "Since the newest plan": r"retail:planned_age:periods > ([\d.]+)",
        "Requests that failed": r"retail:request_errors:ratio5m > ([\d.]+)",
        "Least room on a disk": r"RetailDiskNearlyFull\s+expr: retail:disk_free:ratio < ([\d.]+)",
        "Room on disks": r"RetailDiskNearlyFull\s+expr: retail:disk_free:ratio < ([\d.]+)",
        "Seconds of the slowest twentieth": r"retail:request_seconds:p95_5m > ([\d.]+)",
        "Memory to spare": r"node_memory_MemTotal_bytes < ([\d.]+)",
    }
    shown = {panel["title"]: steps(panel) for panel in panels(read(PLATFORM))}
    for title, pattern in bounds.items():
        (bound,) = re.findall(pattern, text)
        assert shown[title] == [float(bound)], title


def test_bounds_that_grafana_watches_too_are_the_same() -> None:
    watch, text = read(GRAFANA / "gates.json")["watch"], RULES.read_text()
    assert f"retail:pair_age:days > {watch['pair_days']}\n" in text
    assert f"retail:planned_age:periods > {watch['plan_hours'] / 24}\n" in text
    assert f'col="running_seconds"}}) > {watch["training_hours"]} * 3600, "run", "training"' in text
    assert f'col="running_seconds"}}) > {watch["planning_hours"]} * 3600, "run", "planning"' in text
    assert f"retail:sales_age:periods > {watch['late_periods'] + 0.5}\n" in text


def test_recorded_series_that_it_asks_for_are_recorded() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    asked = {name for _, text in expressions() for name in re.findall(r"retail:\w+:\w+", text)}
    assert asked and asked <= recorded


def test_its_data_sources_are_provisioned_without_a_password() -> None:
    text = (GRAFANA / "provisioning" / "datasources" / "metrics.yaml").read_text()
    sources = {source["uid"]: source for source in yaml.safe_load(text)["datasources"]}
    assert sources.keys() == {"retail-prometheus", "retail-logs"}
    assert all(
        source["editable"] is False and source["url"].startswith("${RETAIL_") for source in sources.values()
    )
