"""What ``make pictures`` looks for is found: faults of each kind, planted into the dashboards, as chromium draws them.

Needs a workspace whose database runs, PICTURES_WORKSPACE, and what grafana/pictures/draw.sh needs; ``make pictures``
gives both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.board_files import GRAFANA, read

WORKSPACE = os.environ.get("PICTURES_WORKSPACE", "")
pytestmark = pytest.mark.skipif(
    not WORKSPACE, reason="draws in chromium for a minute; 'make pictures' names its PICTURES_WORKSPACE"
)
Panel = dict[str, Any]


def _long_title(panel: Panel) -> None:
    panel["title"] = (
        "Stock value of all that lies on the shelves of all stores, in the currency of the files, at unit cost"
    )


def _wide_table(panel: Panel) -> None:
    _override(panel, "Category", "custom.width", 900)


def _narrow_heading(panel: Panel) -> None:
    _override(panel, "Stock-out", "custom.width", 50)


def _empty(panel: Panel) -> None:
    panel["targets"][0]["rawSql"] = "SELECT NULL::float8 AS nothing"


def _red(panel: Panel) -> None:
    _empty(panel)
    panel["fieldConfig"]["defaults"]["mappings"] = []
    panel["fieldConfig"]["defaults"]["thresholds"]["steps"] = [{"color": "red", "value": None}]


def _broken(panel: Panel) -> None:
    panel["targets"][0]["rawSql"] = "SELECT * FROM retail.nowhere"


def _override(panel: Panel, column: str, setting: str, value: object) -> None:
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == column:
            for found in override["properties"]:
                if found["id"] == setting:
                    found["value"] = value


FAULTS: list[tuple[str, Callable[[Panel], None], str]] = [
    ("Stock value", _long_title, "its title is cut"),
    ("Order list", _wide_table, "its table is"),
    ("Order list", _narrow_heading, "the heading Stock-out is cut"),
    ("Days of cover", _empty, "it is empty"),
    ("Out of stock", _red, "what is not known is red"),
    ("Fill rate", _broken, "nowhere"),
]


@pytest.mark.parametrize(("title", "plant", "said"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_planted_fault_is_found(
    tmp_path: Path, title: str, plant: Callable[[Panel], None], said: str
) -> None:
    pictures = tmp_path / "grafana" / "pictures"
    shutil.copytree(GRAFANA / "pictures", pictures)
    board = read(GRAFANA / "dashboards" / "managers" / "retail-inventory.json")
    (panel,) = [panel for panel in board["panels"] if panel["title"] == title]
    plant(panel)
    file = tmp_path / "grafana" / "dashboards" / "managers" / "retail-inventory.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(board))
    libraries = GRAFANA.parent / ".cache" / "pictures"
    done = subprocess.run(
        ["sh", pictures / "draw.sh", WORKSPACE, tmp_path / "out"],
        env={**os.environ, "PICTURES_HOME": str(libraries)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and said in done.stdout, done.stdout + done.stderr
