"""Settings of single columns of a table, by Grafana's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build

from grafana.colours import BLUE, GREEN, GREY, ORANGE, RED

Column = Mapping[str, Any]
"""Settings of one column or series, such as ``{"unit": "percentunit", "decimals": 1}``."""


def coloured(words: Mapping[str, str]) -> Column:
    """Colours a column's words."""
    options = {
        value: {"color": colour, "index": index, "text": value}
        for index, (value, colour) in enumerate(words.items())
    }
    return {
        "mappings": [{"type": "value", "options": options}],
        "custom.cellOptions": {"type": "color-text"},
    }


def judged(thresholds: build.ThresholdsConfig) -> Column:
    """Colours a column's figures by thresholds."""
    return {"thresholds": thresholds.build().to_json(), "custom.cellOptions": {"type": "color-text"}}


WHOLE: Column = {"custom.cellOptions": {"type": "auto", "wrapText": True}, "custom.wrapText": True}
"""Shows a text whole, in as many lines as it takes, and in the width that other columns leave; the second from Grafana
12.2 on.
"""


def opens(title: str, address: str) -> Column:
    """Makes a column's cells open a page; the address names other columns of the row."""
    return {"links": [{"title": title, "url": address}]}


VERDICTS = coloured({"pass": GREEN, "warn": ORANGE, "waived": GREY, "stop": RED})
STATES = coloured(
    {"ran": GREEN, "cached": BLUE, "skipped": GREY, "refused": ORANGE, "failed": RED, "pushed": GREEN,
     "planned": GREEN, "running": BLUE, "refused_data": ORANGE, "refused_model": ORANGE}
)  # fmt: skip
