"""The committed dashboards and alert rules, as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.places import ROOT

GRAFANA = ROOT / "grafana"
PLATFORM = GRAFANA / "dashboards" / "operations" / "retail-platform.json"
"""On Prometheus; see test_platform.py and tests/deploy/live."""
BOARDS = sorted(path for path in (GRAFANA / "dashboards").rglob("*.json") if path != PLATFORM)
"""On the store."""
ALERTS = GRAFANA / "provisioning" / "alerting" / "retail.json"


@dataclass(frozen=True)
class Query:
    """A panel's query: where it stands, and the panel that shows its result."""

    where: str
    text: str
    panel: dict[str, Any]
    format: str


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in board["panels"] if panel["type"] != "row")


def queries(board: dict[str, Any]) -> Iterator[Query]:
    """The queries of all panels and annotations; an annotation counts as a panel of its own type."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield Query(f"{board['title']}: {panel['title']}", target["rawSql"], panel, target["format"])
    for marks in board["annotations"]["list"]:
        panel = {"type": "annotation", "title": marks["name"]}
        where = f"{board['title']}: {marks['name']}"
        yield Query(where, marks["target"]["rawSql"], panel, marks["target"]["format"])


def variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    return board["templating"]["list"]
