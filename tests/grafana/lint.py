"""What has to hold for a dashboard; each function returns sentences about what does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Literal

import psycopg

from grafana.colours import NAMES
from tests.grafana.board_files import Query, panels, queries, variables
from tests.grafana.expansion import CannotExpand, Chosen, Everything, expand

SOURCE = {"type": "grafana-postgresql-datasource", "uid": "retail-postgres"}
UNITS = {"percentunit", "locale", "none", "string", "d", "s", "dateTimeAsIso", "mbytes", "suffix: periods"}
"""Grafana's ids of the units that we use."""
WIDTH = 24
EMPTY = "nothing yet"
HowMany = Literal["one", "several", "all"]

_ANY = datetime(2000, 1, 1, tzinfo=timezone.utc)
_TEXTS, _TIMES, _NUMBERS = {25, 1043}, {1114, 1184}, {20, 21, 23, 700, 701, 1700}
"""PostgreSQL's type numbers."""


def layout_problems(board: dict[str, Any]) -> list[str]:
    """Ids, places, sources, units, descriptions, empty states."""
    return [*_whole(board), *_places(board), *(p for panel in panels(board) for p in _panel(panel))]


def _whole(board: dict[str, Any]) -> Iterator[str]:
    ids = [panel.get("id") for panel in board["panels"]]
    if None in ids or len(set(ids)) != len(ids):
        yield "panel ids are missing or not unique"
    if board.get("editable", True) or not board.get("uid") or not board.get("description"):
        yield "a dashboard is read-only, and has a uid and a description"
    for variable in variables(board):
        if variable["datasource"] != SOURCE or not variable.get("description") or not variable.get("label"):
            yield f"variable {variable['name']}: source, label or description is missing"
    for marks in board["annotations"]["list"]:
        if marks["datasource"] != SOURCE or marks["target"]["datasource"] != SOURCE:
            yield f"annotation {marks['name']}: another data source"


def _places(board: dict[str, Any]) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > WIDTH:
            yield f"{panel['title']}: does not fit the width"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in taken:
                    yield f"{panel['title']}: lies over {taken[x, y]}"
                    return
                taken[x, y] = panel["title"]
    for y in {y for _, y in taken}:
        if any((x, y) not in taken for x in range(WIDTH)):
            yield f"line {y} is not filled"


def _panel(panel: dict[str, Any]) -> Iterator[str]:
    title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
    if panel["datasource"] != SOURCE or any(t["datasource"] != SOURCE for t in panel["targets"]):
        yield f"{title}: another data source"
    if len(panel.get("description", "")) < 20:
        yield f"{title}: no description"
    if not defaults.get("noValue"):
        yield f"{title}: no empty state"
    overrides = [p for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "unit"]
    for unit in [defaults.get("unit"), *(found["value"] for found in overrides)]:
        if unit not in UNITS:
            yield f"{title}: {unit!r} is no unit"
    if not defaults.get("thresholds", {}).get("steps"):
        yield f"{title}: no thresholds"
    yield from _readable(panel)


def _readable(panel: dict[str, Any]) -> Iterator[str]:
    """Colours, scales and titles."""
    title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
    if panel["type"] == "stat":
        grey = [
            mapping["options"]["result"]["color"]
            for mapping in defaults.get("mappings", [])
            if mapping["type"] == "special" and mapping["options"]["match"] == "null+nan"
        ]
        if grey != ["gray"]:
            yield f"{title}: what is not known has the colour of a threshold"
    if panel["type"] in ("timeseries", "barchart") and defaults["custom"].get("axisSoftMin") != 0:
        yield f"{title}: the scale does not begin at 0"
    if re.search(r"\bthe same\b", title, re.IGNORECASE):
        yield f"{title}: nobody knows what it is without its neighbour"
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            name = override["matcher"]["options"]
            if setting["id"] == "color" and setting["value"].get("fixedColor") != NAMES.get(name):
                yield f"{title}: {name} has another colour here than elsewhere"


def options(connection: psycopg.Connection, board: dict[str, Any], how_many: HowMany) -> Chosen:
    """Values of each variable, as a user would choose them from left to right: the first, all but the first, or all.

    Args:
        connection: as the reader.
        board: with the variables.
        how_many: where several may be chosen.
    """
    chosen: dict[str, list[str] | Everything] = {}
    for variable in variables(board):
        text = expand(variable["query"], _ANY, _ANY, chosen)
        found = [str(row[0]) for row in connection.execute(text.encode()).fetchall()]
        assert found, f"{variable['name']}: nothing to choose"
        if not variable.get("multi"):
            chosen[variable["name"]] = found[:1]
        elif how_many == "all":
            chosen[variable["name"]] = Everything(variable["allValue"])
        else:
            chosen[variable["name"]] = found[:1] if how_many == "one" else found[1:]
    return chosen


def query_problems(
    connection: psycopg.Connection,
    board: dict[str, Any],
    between: tuple[datetime, datetime],
    chosen: Chosen,
    *,
    filled: bool = True,
) -> list[str]:
    """Runs every query and looks at what comes back.

    Args:
        connection: as the reader.
        board: with the queries.
        between: the time range.
        chosen: the variables' values.
        filled: whether nothing coming back is a problem.
    """
    return [
        f"{query.where}: {problem}"
        for query in queries(board)
        for problem in _result(connection, query, between, chosen, filled)
    ]


def _result(
    connection: psycopg.Connection,
    query: Query,
    between: tuple[datetime, datetime],
    chosen: Chosen,
    filled: bool,
) -> Iterator[str]:
    try:
        with connection.transaction():
            cursor = connection.execute(expand(query.text, *between, chosen).encode())
            names = [column.name for column in cursor.description or ()]
            kinds = [column.type_code for column in cursor.description or ()]
            found = cursor.fetchall()
    except (psycopg.Error, CannotExpand) as error:
        yield str(error)
        return
    if len(set(names)) != len(names):
        yield f"column names repeat: {names}"
    yield from _SHAPES[query.panel["type"]](query, names, kinds, found)
    # A panel with words of its own for it may well be empty.
    good = query.panel.get("fieldConfig", {}).get("defaults", {}).get("noValue", EMPTY) != EMPTY
    if filled and not found and not good:
        yield "nothing came back"
    if filled and found and all(value is None for value in found[0]):
        yield "nothing but NULL came back"
    yield from _overrides(query, names, found)


def _overrides(query: Query, names: list[str], found: list[Any]) -> Iterator[str]:
    shown = set(names)
    if query.format == "time_series":
        shown = {row[names.index("metric")] for row in found if "metric" in names}
    for override in query.panel.get("fieldConfig", {}).get("overrides", []):
        if override["matcher"]["id"] != "byName":
            continue
        name, settings = override["matcher"]["options"], override["properties"]
        # A name has its colour also where it does not come back.
        only_colour = query.format == "time_series" and [setting["id"] for setting in settings] == ["color"]
        if name not in shown and not only_colour and (found or query.format == "table"):
            yield f"settings for the column {name!r}, which does not come back"
        links = [link for setting in settings if setting["id"] == "links" for link in setting["value"]]
        for column in {column for link in links for column in _fields_of(link["url"])} - shown:
            yield f"the link of {name} needs a column {column}"


def _stat(query: Query, names: list[str], kinds: list[int], found: list[Any]) -> Iterator[str]:
    wanted = _TEXTS if query.panel["fieldConfig"]["defaults"]["unit"] == "string" else _NUMBERS
    if kinds[0] not in wanted:
        yield f"{names[0]} does not fit the unit"
    for link in query.panel["fieldConfig"]["defaults"].get("links", []):
        for name in _fields_of(link["url"]):
            if name not in names:
                yield f"the link needs a column {name}"
    if len(found) > 1:
        yield "more than one row"
    pattern = query.panel["options"]["reduceOptions"]["fields"].strip("/")
    if len([name for name in names if re.search(pattern, name)]) != 1:
        yield f"{pattern} does not choose one column"


def _fields_of(url: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in url.split("${__data.fields.")[1:]]


def _time_axis(query: Query, names: list[str], kinds: list[int], found: list[Any]) -> Iterator[str]:
    if names[0] != "time" or kinds[0] not in _TIMES:
        yield "the first column is no time"
    if [row[0] for row in found] != sorted(row[0] for row in found):
        yield "times do not rise"
    rest = list(zip(names[1:], kinds[1:], strict=True))
    if query.format == "time_series":
        if not rest or rest[0][0] != "metric" or rest[0][1] not in _TEXTS:
            yield "the second column is no text that names the series"
        rest = rest[1:]
    elif len({str(row[0]) for row in found}) != len(found):
        yield "a time comes twice"
    if not rest or any(kind not in _NUMBERS for _, kind in rest):
        yield "the figures are no numbers"


def _bars(query: Query, names: list[str], kinds: list[int], found: list[Any]) -> Iterator[str]:
    if kinds[0] not in _TEXTS:
        yield "the first column does not name the bars"
    if len(kinds) < 2 or any(kind not in _NUMBERS for kind in kinds[1:]):
        yield "the bars are no numbers"


def _table(query: Query, names: list[str], kinds: list[int], found: list[Any]) -> Iterator[str]:
    units = {
        override["matcher"]["options"]: setting["value"]
        for override in query.panel["fieldConfig"]["overrides"]
        for setting in override["properties"]
        if setting["id"] == "unit"
    }
    for name, kind in zip(names, kinds, strict=True):
        wanted = _TIMES if units.get(name) == "dateTimeAsIso" else _NUMBERS
        if name in units and kind not in wanted:
            yield f"{name} does not fit its unit"
        if kind not in _TEXTS | _TIMES | _NUMBERS:
            yield f"Grafana has no way to show {name}"


def _marks(query: Query, names: list[str], kinds: list[int], found: list[Any]) -> Iterator[str]:
    if (
        names[:2] != ["time", "text"]
        or kinds[0] not in _TIMES
        or any(kind not in _TEXTS for kind in kinds[1:])
    ):
        yield "marks need the columns time and text"


_SHAPES = {"stat": _stat, "timeseries": _time_axis, "barchart": _bars, "table": _table, "annotation": _marks}
