"""Every query of every dashboard and alert rule, as the read-only role, on a store that real commands filled."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.grafana.board_files import ALERTS, BOARDS, panels, read, variables
from tests.grafana.expansion import Chosen
from tests.grafana.lint import HowMany, layout_problems, options, query_problems

pytestmark = pytest.mark.slow

Between = tuple[datetime, datetime]
HOSTILE = ["o'brien", "'); DROP TABLE retail.runs; --", "\\", "${run:sqlstring}", "%s", ""]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("how_many", ["all", "several"])
def test_every_panel_gets_what_it_shows(
    reader: psycopg.Connection, between: Between, path: Path, how_many: HowMany
) -> None:
    board = read(path)
    assert query_problems(reader, board, between, options(reader, board, how_many)) == []


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_one_of_each_runs(reader: psycopg.Connection, between: Between, path: Path) -> None:
    board = read(path)
    assert query_problems(reader, board, between, options(reader, board, "one"), filled=False) == []


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_values_are_only_values(
    reader: psycopg.Connection, between: Between, path: Path, hostile: str
) -> None:
    board = read(path)
    chosen: Chosen = {variable["name"]: [hostile, "x"] for variable in variables(board) if variable["multi"]}
    chosen = {**{variable["name"]: [hostile] for variable in variables(board)}, **chosen}
    assert query_problems(reader, board, between, chosen, filled=False) == []
    assert reader.execute("SELECT count(*) FROM retail.runs").fetchone() == (2,)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_time_without_data_is_no_error(reader: psycopg.Connection, between: Between, path: Path) -> None:
    board, never = read(path), (between[0] - timedelta(days=9000), between[0] - timedelta(days=8000))
    assert query_problems(reader, board, never, options(reader, board, "all"), filled=False) == []


NOTHING_YET = {"Back-up too old"}
"""Rules on what the workspace has none of; ``test_alerts`` rings them over months."""


def test_alert_rules_return_one_number(reader: psycopg.Connection) -> None:
    for rule in read(ALERTS)["groups"][0]["rules"]:
        cursor = reader.execute(rule["data"][0]["model"]["rawSql"].encode())
        found = cursor.fetchall()
        if rule["title"] in NOTHING_YET:
            assert found == []
            continue
        assert len(found) == 1 and len(found[0]) == 1, rule["title"]
        float(found[0][0])


def test_alert_rules_ring_when_they_should(reader: psycopg.Connection) -> None:
    values = {}
    for rule in read(ALERTS)["groups"][0]["rules"]:
        if rule["title"] in NOTHING_YET:
            continue
        (value,) = reader.execute(rule["data"][0]["model"]["rawSql"].encode()).fetchone() or (None,)
        evaluator = rule["data"][1]["model"]["conditions"][0]["evaluator"]
        compare = {"gt": operator.gt, "lt": operator.lt}[evaluator["type"]]
        values[rule["title"]] = compare(value, evaluator["params"][0])
    # The data of the tests end years ago, and their few epochs leave a bias; all else is as it should be.
    assert {title for title, rings in values.items() if rings} == {"Data late", "Realised bias"}


def _break_query(panel: dict[str, Any]) -> None:
    panel["targets"][0]["rawSql"] = panel["targets"][0]["rawSql"].replace("retail.", "retial.", 1)


def _break_column(panel: dict[str, Any]) -> None:
    target = panel["targets"][0]
    target["rawSql"] = f"SELECT ARRAY[1] AS broken, whole.* FROM ({target['rawSql']}) whole"


def _break_unit(panel: dict[str, Any]) -> None:
    panel["fieldConfig"]["defaults"]["unit"] = "percent-unit"


def _break_place(panel: dict[str, Any]) -> None:
    panel["gridPos"]["y"] = 0


def _break_source(panel: dict[str, Any]) -> None:
    panel["datasource"] = {"type": "postgres", "uid": "other"}


def _break_description(panel: dict[str, Any]) -> None:
    panel["description"] = ""


@pytest.mark.parametrize(
    "fault", [_break_query, _break_column, _break_unit, _break_place, _break_source, _break_description]
)
@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_fault_in_any_panel_is_found(
    reader: psycopg.Connection, between: Between, path: Path, fault: Callable[[dict[str, Any]], None]
) -> None:
    board = read(path)
    chosen = options(reader, board, "all")
    for index, panel in enumerate(panels(board)):
        if fault is _break_place and panel["gridPos"]["y"] <= 1:
            continue
        broken = copy.deepcopy(board)
        fault(list(panels(broken))[index])
        problems = layout_problems(broken) or query_problems(reader, broken, between, chosen)
        assert problems, f"{panel['title']}: the fault was not found"
