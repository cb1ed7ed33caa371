"""The drill: a workspace with a life behind it, backed up while a plan is written, goes on elsewhere from there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from contracts.errors import SystemFault, UserError
from pipeline.config import Config, load_config
from pipeline.operations.audit import trail
from pipeline.operations.backup import archive, taking
from pipeline.operations.backup.backing_up import BackedUp, back_up
from pipeline.operations.backup.restoring import restore_backup
from pipeline.workspace import Workspace, take_lock
from serving.directory.layout import read_state
from store.connections import Connections, connect
from store.copying import tables_of
from store.opening import opened
from tests.pipeline import warm
from tests.pipeline.lived_in import LivedIn
from tests.pipeline.operations.backup.test_archive import Full
from tests.store.test_migrating import in_database

pytestmark = pytest.mark.slow

OF_THE_MOMENT = {"planning_runs", "planning_checks", "backups", "audit_events"}
"""Tables of what was called when."""
HALF = "artifacts/Transform/transform_graph/9999"
"""Folder of an output that a run is just writing."""


@dataclass(frozen=True)
class Shop:
    """A copy of the lived-in workspace, and the call that plans there."""

    lived_in: LivedIn
    workspace: Workspace
    config: Path

    def plan(self, *extra: str) -> None:
        small = self.lived_in.small
        named = [
            "--data",
            str(small.data),
            "--workspace",
            str(self.workspace.root),
            "--config",
            str(self.config),
        ]
        done = warm.command(["plan", *named, *extra])
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr

    def plans(self) -> dict[str, bytes]:
        return {
            f"{file.parent.name}/{file.name}": file.read_bytes()
            for file in self.workspace.root.glob("plans/[!.]*/*")
        }

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Of every table, but for when a plan was made."""
        with opened(self.workspace.store) as connections, connect(connections.writer) as connection:
            found = {}
            for table, columns in tables_of(connection).items():
                chosen = ", ".join(name for name in columns if (table, name) != ("plans", "made_at"))
                found[table] = sorted(connection.execute(f"SELECT ({chosen})::text FROM {table}").fetchall())
            return found


def wait_for(url: str, query: str, over: Callable[[], bool]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(query.encode()).fetchone() and not over():
            time.sleep(0.01)


@pytest.fixture(scope="module")
def shop(lived_in: LivedIn, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop") / "workspace"
    with opened(lived_in.store) as connections:
        with psycopg.connect(connections.owner, autocommit=True) as connection:
            # Other tests may have its server run: what it has not written yet would be missing from the copy.
            connection.execute("CHECKPOINT")
        # With its owners: the database's files are not root's.
        subprocess.run(["cp", "-a", str(lived_in.small.workspace), str(root)], check=True)
    with closing(sqlite3.connect(root / "metadata.sqlite")) as metadata, metadata:
        then, now = f"{lived_in.small.workspace}/", f"{root}/"
        metadata.execute("UPDATE Artifact SET uri = replace(uri, ?, ?)", [then, now])
        # As ML Metadata has an output whose node is still at work: 1 is PENDING.
        metadata.execute(
            "INSERT INTO Artifact (type_id, uri, state, create_time_since_epoch, last_update_time_since_epoch) "
            "SELECT max(type_id), ?, 1, 0, 0 FROM Artifact",
            [f"{root}/{HALF}"],
        )
    (root / HALF).mkdir(parents=True)
    (root / HALF / "half.tfrecord").write_text("half of a")
    return Shop(lived_in, Workspace(root), lived_in.small.config)


@pytest.fixture(scope="module")
def backup(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    """Taken while a plan is written that differs from the one before."""
    out = tmp_path_factory.mktemp("out")
    overrides = tmp_path_factory.mktemp("overrides") / "overrides.csv"
    overrides.write_text("store_id,product_id,quantity,reason,by,until\nS01,P0003,777,market,buyer,\n")
    config = load_config(shop.config)
    with opened(shop.workspace.store) as connections, ThreadPoolExecutor(1) as pool:
        planning = pool.submit(shop.plan, "--overrides", str(overrides))
        wait_for(
            connections.owner,
            "SELECT 1 FROM pg_locks WHERE relation = 'retail.plans'::regclass AND granted "
            "AND mode = 'RowExclusiveLock'",
            planning.done,
        )
        made = back_up(shop.workspace, out, config, shop.config)
        planning.result()
    assert list(out.iterdir()) == [made.taken.file]
    return made


def lines_of(file: Path) -> list[tuple[str, str, float]]:
    table = pq.read_table(file, columns=["store_id", "product_id", "order_quantity"])
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.fixture(scope="module")
def elsewhere(
    shop: Shop, backup: BackedUp, store: Connections, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """Restored at another path, into another PostgreSQL."""
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    folder = tmp_path_factory.mktemp("elsewhere")
    config = folder / "config.yaml"
    config.write_text(f"{shop.config.read_text()}\ndatabase_url: {in_database(store.owner, 'restored')}\n")
    place = Workspace(folder / "workspace")
    url = load_config(config).store_address
    restored = restore_backup(backup.taken.file, place, None, url, "kim", "a drill")
    assert restored.pair == read_state(shop.workspace.serving).stable
    return Shop(shop.lived_in, place, config)


def test_what_was_restored_is_one_state(shop: Shop, backup: BackedUp, elsewhere: Shop) -> None:
    root, last = elsewhere.workspace.root, shop.lived_in.last
    # The plan that was under way is in it whole: its rows, its files, and not those of the one before.
    assert elsewhere.plans() == shop.plans()
    before = lines_of(shop.lived_in.small.workspace / "plans" / str(last) / "order_lines.parquet")
    found = lines_of(root / "plans" / str(last) / "order_lines.parquet")
    assert found != before
    with opened(elsewhere.workspace.store) as connections, connect(connections.writer) as connection:
        rows = connection.execute(
            "SELECT store_id, product_id, order_quantity FROM order_lines WHERE as_of = %s", [last]
        ).fetchall()
    assert sorted(rows) == found
    now, then = shop.rows(), elsewhere.rows()
    assert {t: r for t, r in then.items() if t not in OF_THE_MOMENT} == {
        t: r for t, r in now.items() if t not in OF_THE_MOMENT
    }
    # When each run ended, which its summary's time tells.
    for summary in shop.workspace.root.glob("reports/*/summary.json"):
        there = root / summary.relative_to(shop.workspace.root)
        assert there.stat().st_mtime == pytest.approx(summary.stat().st_mtime, abs=1e-3)
    # What was half-written is not in it, nor are passwords; what is complete is where ML Metadata says.
    assert not (root / HALF).exists()
    assert not (root / "postgres" / "connections.json").exists()
    with closing(sqlite3.connect(elsewhere.workspace.metadata)) as metadata:
        uris = [Path(uri) for (uri,) in metadata.execute("SELECT uri FROM Artifact WHERE state = 2")]
    assert len(uris) > 20 and all(uri.is_relative_to(root) and uri.exists() for uri in uris)
    assert not (shop.workspace.root / ".backup").exists()


def test_planning_goes_on_there_with_the_same_orders_and_history(shop: Shop, elsewhere: Shop) -> None:
    overrides = ("--overrides", str(shop.lived_in.overrides))
    shop.plan(*overrides)
    elsewhere.plan(*overrides)
    assert elsewhere.plans() == shop.plans()
    here, there = shop.rows(), elsewhere.rows()
    assert set(here) == set(there)
    for table in set(here) - OF_THE_MOMENT:
        assert there[table] == here[table], table
    assert len(here["forecasts"]) > 100 and len(here["realised"]) > 5


def test_the_trail_goes_on_there_with_who_restored_it(shop: Shop, elsewhere: Shop) -> None:
    acts = trail(elsewhere.workspace)
    (restored,) = [act for act in acts if act["action"] == "restore"]
    assert (restored["acted_by"], restored["reason"]) == ("kim", "a drill")
    assert restored["subject"] == str(elsewhere.workspace.root)
    assert f"of {shop.workspace.root}" in restored["detail"]
    # What was told before the back-up is told no second time by the directory that came with it.
    changes = [act["detail"] for act in acts if act["occasion"].startswith("serving directory")]
    history = (elsewhere.workspace.serving / "history.jsonl").read_text().splitlines()
    assert len(changes) == len(history) == 2


def test_the_store_knows_of_it(shop: Shop, backup: BackedUp) -> None:
    with opened(shop.workspace.store) as connections, connect(connections.reader or "") as connection:
        found = connection.execute(
            "SELECT made_at, bytes, encrypted, verified FROM backups ORDER BY made_at"
        ).fetchall()
    assert found[:1] == [(backup.taken.header.made_at, backup.taken.file.stat().st_size, False, False)]
    assert any("not encrypted" in note for note in backup.notes)


def test_the_command_verifies_by_restoring_and_nothing_stays_of_that(shop: Shop, tmp_path: Path) -> None:
    named = ["--workspace", str(shop.workspace.root), "--out", str(tmp_path), "--config", str(shop.config)]
    done = warm.command(["backup", *named, "--verify"])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    (file,) = tmp_path.iterdir()
    assert str(file) in done.stdout and "all of it is equal" in done.stdout
    with opened(shop.workspace.store) as connections, connect(connections.reader or "") as connection:
        newest = connection.execute("SELECT verified FROM backups ORDER BY made_at DESC LIMIT 1").fetchone()
    assert newest == (True,)
    assert "backed up" in {json.loads(line)["event"] for line in _lines(shop.workspace.root)}
    done = warm.command(["restore", str(file), "--workspace", str(shop.workspace.root)])
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "there is something already" in done.stderr


def _lines(root: Path) -> list[str]:
    return [line for file in root.glob("logs/*/backup.jsonl") for line in file.read_text().splitlines()]


def test_nothing_that_is_there_is_overwritten(backup: BackedUp, elsewhere: Shop, tmp_path: Path) -> None:
    plans, url = elsewhere.plans(), load_config(elsewhere.config).store_address
    with pytest.raises(UserError, match="there is something already"):
        restore_backup(backup.taken.file, elsewhere.workspace, None, None)
    with pytest.raises(UserError, match="has a schema retail already"):
        restore_backup(backup.taken.file, Workspace(tmp_path / "new"), None, url)
    assert elsewhere.plans() == plans
    assert list(tmp_path.iterdir()) == []


def test_what_fails_on_the_way_leaves_nothing(
    backup: BackedUp, store: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute("CREATE DATABASE broken_off")
    url = in_database(store.owner, "broken_off")
    manifest = backup.taken.manifest
    wrong = manifest.tables["plans"].model_copy(update={"digest": "0"})
    changed: Mapping[str, object] = {"tables": {**manifest.tables, "plans": wrong}}
    real = archive.unpack

    def unpack(*arguments: Any) -> object:
        header, _ = real(*arguments)
        return header, manifest.model_copy(update=changed)

    monkeypatch.setattr("pipeline.operations.backup.restoring.unpack", unpack)
    with pytest.raises(UserError, match="table plans: its 2 rows are not the 2 that were backed up"):
        restore_backup(backup.taken.file, Workspace(tmp_path / "new"), None, url)
    assert list(tmp_path.iterdir()) == []
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'retail'").fetchone() is None


def test_a_full_disk_leaves_nothing(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = archive.writing
    monkeypatch.setattr(taking, "writing", lambda target, *rest: real(Full(200_000), *rest))
    with pytest.raises(SystemFault, match="nothing of it is left; make room"):
        back_up(shop.workspace, tmp_path, Config(), None)
    assert list(tmp_path.iterdir()) == []
    assert not (shop.workspace.root / ".backup").exists()


def test_one_at_a_time(shop: Shop, tmp_path: Path) -> None:
    with (shop.workspace.root / ".backup.lock").open("a") as file:
        assert take_lock(file, 0)
        with pytest.raises(UserError, match="another back-up is being taken"):
            back_up(shop.workspace, tmp_path, Config(), None)


def test_a_workspace_without_anything_is_no_back_up(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds nothing to back up"):
        back_up(Workspace(tmp_path), tmp_path, Config(), None)
    assert list(tmp_path.iterdir()) == []
