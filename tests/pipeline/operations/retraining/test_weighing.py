"""The command on a workspace without Airflow, with a database of its own."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import psycopg
import pytest
from psycopg import conninfo

from contracts.records.retraining import Decision
from store.connections import Connections
from tests.pipeline import warm

RUN = "20260615T060000Z-1a2b"


@pytest.fixture
def database(store: Connections, request: pytest.FixtureRequest) -> str:
    name = f"weighing_{request.node.name[:40].lower()}"
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return conninfo.make_conninfo(store.owner, dbname=name)


@pytest.fixture
def call(tmp_path: Path, database: str) -> object:
    parts = conninfo.conninfo_to_dict(database)
    url = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**parts)
    (tmp_path / "config.yaml").write_text(f"database_url: {url}\n")
    (tmp_path / "w").mkdir()

    def made(*extra: str) -> CompletedProcess[str]:
        line = ["retraining", "--workspace", str(tmp_path / "w"), "--config", str(tmp_path / "config.yaml")]
        return warm.command([*line, *extra])

    return made


@pytest.mark.slow
def test_decisions_are_kept_answered_again_and_ordered(call: object, database: str) -> None:
    assert callable(call)

    def kept() -> list[tuple[bool, str | None]]:
        with psycopg.connect(database) as connection:
            rows = connection.execute(
                "SELECT due, planning_id FROM retail.retraining_decisions ORDER BY decision"
            )
            return list(rows)

    dry = call("--dry-run", "--explain")
    assert (dry.returncode, dry.stderr) == (0, "") and kept() == []
    assert "no pair was ever pushed in this workspace" in dry.stdout and "cool down" in dry.stdout

    first = call("--json", "--run", RUN)
    decision = Decision.model_validate_json(first.stdout)
    assert first.returncode == 0 and decision.due and len(first.stdout.splitlines()) == 1
    # A task that is tried again gets its answer again; anybody else hears that a training was asked for already.
    assert (
        json.loads(call("--json", "--run", RUN).stdout)["decided_at"]
        == json.loads(first.stdout)["decided_at"]
    )
    second = call()
    assert second.returncode == 4
    assert "no training is due: held back: a training began or was asked for 0.0 days ago" in second.stdout

    ordered = call("--order", "new assortment")
    assert ordered.returncode == 0 and ": new assortment" in ordered.stdout
    assert kept() == [(True, RUN), (False, None), (True, None)]


def test_what_cannot_be_asked_is_said(call: object, tmp_path: Path) -> None:
    assert callable(call)
    (tmp_path / "w").rmdir()
    gone = call()
    assert gone.returncode == 2 and "is no workspace" in gone.stderr
    (tmp_path / "w").mkdir()
    strange = call("--run", "yesterday")
    assert strange.returncode == 2 and "is no run id" in strange.stderr
