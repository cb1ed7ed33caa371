"""What Grafana makes of a query before PostgreSQL sees it, by its documentation.

Macros: grafana.com/docs/grafana/latest/datasources/postgres (``$__timeFilter(c)`` becomes ``c BETWEEN 'from' AND
'to'``; its argument ends at the first closing parenthesis). Variables: "Variable syntax" (``sqlstring`` quotes each
value and doubles quotes within it; a custom value for "all" is put in as it is).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class Everything(NamedTuple):
    """The choice "All" of a variable with a value of its own for it."""

    sql: str


Chosen = Mapping[str, "list[str] | Everything"]

_MACRO = re.compile(r"\$__(\w+)\(([^)]*)\)")
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")


class CannotExpand(Exception):
    """Something in the query that Grafana does not know, or would put in without quotes."""


def expand(text: str, since: datetime, until: datetime, chosen: Chosen) -> str:
    """The statement that reaches the server."""
    bounds = [f"'{moment:%Y-%m-%dT%H:%M:%SZ}'" for moment in (since, until)]

    def macro(found: re.Match[str]) -> str:
        name, argument = found.groups()
        if name == "timeFilter" and argument:
            return f"{argument} BETWEEN {bounds[0]} AND {bounds[1]}"
        raise CannotExpand(f"macro {found[0]}")

    def variable(found: re.Match[str]) -> str:
        if found[1] not in chosen:
            raise CannotExpand(f"the dashboard has no variable {found[1]}")
        values = chosen[found[1]]
        if isinstance(values, Everything):
            return values.sql
        return ",".join("'" + value.replace("'", "''") + "'" for value in values)

    # Variables are put in by the browser, macros after that by the server.
    result = _MACRO.sub(macro, _VARIABLE.sub(variable, text))
    left = re.search(r"\$\w+|\$\{[^}]*\}|\[\[\w+\]\]", result)
    if left and not any(left[0] in value for value in _texts(chosen)):
        raise CannotExpand(f"{left[0]} would be put in without quotes, or not at all")
    return result


def _texts(chosen: Chosen) -> list[str]:
    return [text for values in chosen.values() if not isinstance(values, Everything) for text in values]
