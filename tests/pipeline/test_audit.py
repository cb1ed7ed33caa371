"""The trail of a real serving directory, caught up with after a database that was down; and of a lived-in workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.errors import UserError
from pipeline.audit import record_directory
from pipeline.config import Config
from pipeline.operations.audit import schema_recorded, trail
from pipeline.running.store_run import store_beginning
from pipeline.workspace import Workspace
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back, withdraw
from store.audit import read_trail
from store.connections import Connections, connect
from store.opening import choose
from tests.pipeline import warm
from tests.pipeline.lived_in import LivedIn
from tests.serving.pairs import make_pair
from tests.store.test_migrating import in_database

SECOND = 1_780_000_000.0


def clock() -> float:
    """All in one second, as a script's calls are."""
    return SECOND


def pushed(place: Path, name: str) -> int:
    return push(
        place / "serving", make_pair(place / "pairs", name, 20), {}, keep=9, canary=True, clock=clock
    ).version


@pytest.fixture
def workspace(
    store: Connections, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Workspace, str]]:
    """One with a database of its own in a server that is not its own, and the database's name."""
    name = f"audit_{request.node.name[:40].lower()}"
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        place = Workspace(tmp_path / "w")
        place.create()
        choose(place.store, in_database(store.owner, name))
        yield place, name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def shown(acts: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(act["action"], act["subject"], act["acted_by"], act["reason"]) for act in acts]


def test_each_change_of_the_directory_is_there_once(writer: psycopg.Connection, tmp_path: Path) -> None:
    root = tmp_path / "serving"
    record_directory(writer, root)
    first, second = pushed(tmp_path, "a"), pushed(tmp_path, "b")
    promote(root, "kim", "good", clock)
    # To and fro within one second: each is an act.
    for by in ("lou", "max", "lou", "max"):
        roll_back(root, {"lou": first, "max": second}[by], by, "to and fro", clock)
    record_directory(writer, root)
    third = pushed(tmp_path, "c")
    withdraw(root, "kim", "dear", clock)
    for _ in range(2):
        record_directory(writer, root)
    cursor = writer.execute(
        "SELECT action, subject, acted_by, reason, detail FROM audit_events ORDER BY event"
    )
    assert cursor.fetchall() == [
        ("push", f"pair {first}", "push", "", f"not known -> stable {first}"),
        ("push", f"pair {second}", "push", "", f"stable {first} -> stable {first}, canary {second}"),
        ("promote", f"pair {second}", "kim", "good", f"stable {first}, canary {second} -> stable {second}"),
        ("rollback", f"pair {first}", "lou", "to and fro", f"stable {second} -> stable {first}"),
        ("rollback", f"pair {second}", "max", "to and fro", f"stable {first} -> stable {second}"),
        ("rollback", f"pair {first}", "lou", "to and fro", f"stable {second} -> stable {first}"),
        ("rollback", f"pair {second}", "max", "to and fro", f"stable {first} -> stable {second}"),
        ("push", f"pair {third}", "push", "", f"stable {second} -> stable {second}, canary {third}"),
        ("withdraw", f"pair {third}", "kim", "dear", f"stable {second}, canary {third} -> stable {second}"),
    ]


def test_a_directory_without_a_store_needs_none(tmp_path: Path) -> None:
    version = pushed(tmp_path, "a")
    push(tmp_path / "serving", make_pair(tmp_path / "pairs", "b", 20), {}, keep=9)
    done = warm.command(["rollback", "--workspace", str(tmp_path)])
    assert (done.returncode, done.stderr) == (0, "") and f"pair {version} serves" in done.stdout
    assert not (tmp_path / "postgres").exists() and not list(tmp_path.glob("logs/*/audit.jsonl"))
    with pytest.raises(UserError, match="has no store yet; run the pipeline"):
        trail(Workspace(tmp_path))


def test_what_was_done_while_the_database_was_down_is_told_later(
    workspace: tuple[Workspace, str], store: Connections
) -> None:
    place, name = workspace
    first, second = pushed(place.root, "a"), pushed(place.root, "b")
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        promoted = warm.command(["promote", "--workspace", str(place.root), "--reason", "good"])
        # The pair serves, whatever the database says; and that it does not say so yet is said.
        assert promoted.returncode == 0, promoted.stderr
        assert f"pair {second} serves, before it was {first}" in promoted.stdout
        assert "the audit trail will be told by the next command that reaches it" in promoted.stdout
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    back = warm.command(["rollback", "--workspace", str(place.root), "--reason", "sells out"])
    assert (back.returncode, back.stderr) == (0, "") and "audit" not in back.stdout
    with connect(in_database(store.owner, name)) as connection:
        # Newest first, also of what was done within one second.
        assert [found[0::3] for found in shown(read_trail(connection))] == [
            ("rollback", "sells out"),
            ("promote", "good"),
            ("push", ""),
            ("push", ""),
        ]


def test_the_command_shows_acts_to_people_and_programs(workspace: tuple[Workspace, str]) -> None:
    place, _ = workspace
    version = pushed(place.root, "a")
    named = ["audit", "--workspace", str(place.root)]
    text = warm.command(named)
    assert (text.returncode, text.stderr) == (0, "")
    (line,) = text.stdout.splitlines()
    assert f"push pair {version} (not known -> stable {version}) by push: no reason given" in line
    (found,) = json.loads(warm.command([*named, "--json"]).stdout)
    assert (found["action"], found["subject"]) == ("push", f"pair {version}")
    assert found["acted_at"] == "2026-05-28T20:26:40+00:00"
    assert json.loads(warm.command([*named, "--since", "2026-05-30", "--json"]).stdout) == []
    assert "nothing was overridden" in warm.command([*named, "--since", "2026-05-30"]).stdout


def test_a_schema_is_accepted_with_its_act_or_not_at_all(
    workspace: tuple[Workspace, str], tmp_path: Path
) -> None:
    place, _ = workspace
    schema = tmp_path / "rows.pbtxt"

    def accept(place: Workspace, fails: bool = False) -> None:
        with schema_recorded(place, schema, "kim", "a new factor") as before_writing:
            before_writing(frozenset({"temperature", "event"}))
            if fails:
                raise UserError("cannot be written")
            schema.touch()

    with pytest.raises(UserError, match="cannot be written"):
        accept(place, fails=True)
    assert trail(place) == []
    with pytest.raises(UserError, match="has no store"):
        accept(Workspace(tmp_path / "other"))
    assert not schema.exists()
    accept(place)
    assert sorted(shown(trail(place))) == [
        ("accept_schema", name, "kim", "a new factor") for name in ("event", "temperature")
    ]


def test_a_baseline_that_is_given_up_is_told_when_the_run_begins(workspace: tuple[Workspace, str]) -> None:
    place, _ = workspace
    store_beginning("20260601T020000Z-1a2b", place, Config(), "monthly")
    assert trail(place) == []
    store_beginning("20260602T020000Z-1a2b", place, Config(), "", "another assortment", "kim")
    (found,) = trail(place)
    assert (found["action"], found["acted_by"], found["reason"]) == (
        "re_baseline",
        "kim",
        "another assortment",
    )
    assert found["occasion"] == "run 20260602T020000Z-1a2b"


@pytest.mark.slow
def test_overrides_and_pushes_of_a_lived_in_workspace_are_in_it(lived_in: LivedIn) -> None:
    acts = [act for act in trail(Workspace(lived_in.small.workspace)) if act["occasion"] != ""]
    overrides = {
        (act["occasion"], act["subject"], act["acted_by"], act["reason"])
        for act in acts
        if act["action"] == "override"
    }
    first, last = (f"plan of {day}" for day in (lived_in.first, lived_in.last))
    assert overrides >= {
        (first, "S01:P0001", "buyer", "festival in town"),
        (first, "S02:P0002", "buyer", "delisted"),
        (last, "S02:P0002", "buyer", "delisted"),
    }
    assert (last, "S01:P0001") not in {found[:2] for found in overrides}
    assert [act["action"] for act in acts].count("push") == 2
