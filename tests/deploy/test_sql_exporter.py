"""Queries of the store's exporter, on a connection of which nothing was set."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
import yaml

from store.connections import Connections
from tests.places import ROOT

(JOB,) = yaml.safe_load((ROOT / "deploy" / "prometheus" / "sql_exporter.yml.in").read_text())["jobs"]


@pytest.mark.parametrize("asked", JOB["queries"], ids=lambda asked: asked["name"])
def test_each_is_answered_whatever_the_search_path(store: Connections, asked: dict[str, Any]) -> None:
    """The exporter connects anew each minute, and what was set on the connection before is gone."""
    assert store.reader is not None
    with psycopg.connect(store.reader, options="-c search_path=public") as connection:
        found = connection.execute(asked["query"]).description
    assert found is not None
    assert {column.name for column in found} == {*asked.get("labels", []), *asked["values"]}


def test_nothing_counts_on_what_the_first_connection_was_told() -> None:
    assert "startup_sql" not in JOB
