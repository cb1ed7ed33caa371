"""The decision on a workspace that trained, planned and scored; and that a run says why it ran."""

from __future__ import annotations

import html
import json

import psycopg
import pytest

from contracts.records.retraining import Decision
from serving.directory.layout import stable_version
from store.connections import connect
from store.opening import opened
from tests.pipeline import warm
from tests.pipeline.lived_in import BECAUSE, LivedIn

pytestmark = pytest.mark.slow


def test_everything_is_weighed_and_a_dry_run_writes_nothing(lived_in: LivedIn) -> None:
    workspace = lived_in.small.workspace
    done = warm.command(
        [
            "retraining",
            "--workspace",
            str(workspace),
            "--config",
            str(lived_in.small.config),
            "--dry-run",
            "--json",
        ]
    )
    assert (done.returncode, done.stderr) == (4, "")
    found = Decision.model_validate_json(done.stdout)
    assert found.pair == stable_version(workspace / "serving") and found.newest_date == lived_in.last
    by_name = {finding.name: finding for finding in (*found.reasons, *found.guards)}
    # Both trainings were in the last minutes, the second on the newest data; what is scored is the pair's before it.
    assert {name for name, finding in by_name.items() if finding.crossed} == {
        "no_new_data",
        "cool_down",
        "budget",
    }
    assert by_name["no_new_data"].value == 0 and by_name["budget"].value == 2
    assert by_name["accuracy"].said.startswith("not judged: 0 of 14 periods of pair")
    assert by_name["schema"].value == 0 and by_name["age"].value == pytest.approx(0, abs=1)
    with opened(lived_in.store) as connections, connect(connections.reader or "") as connection:
        assert connection.execute("SELECT count(*) FROM retraining_decisions").fetchone() == (0,)


def test_a_run_says_why_it_ran(lived_in: LivedIn) -> None:
    reports = sorted((lived_in.small.workspace / "reports").iterdir())
    assert [json.loads((path / "summary.json").read_text())["because"] for path in reports] == ["", BECAUSE]
    first, second = ((path / "index.html").read_text() for path in reports)
    assert f"Why it ran: {html.escape(BECAUSE)}" in second and "Why it ran" not in first
    assert f"Why it ran  {BECAUSE}" in lived_in.printed["second run"]
    with opened(lived_in.store) as connections, connect(connections.reader or "") as connection:
        assert _because(connection) == ["", BECAUSE]


def _because(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT because FROM runs ORDER BY began")]
