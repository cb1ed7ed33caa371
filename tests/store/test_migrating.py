"""Versions of the tables, and a database that is not ours."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from alembic import op
from psycopg import conninfo

from contracts.errors import UserError
from store import migrations, roles
from store.connections import Connections, connect
from store.migrating import SCHEMA, migrate
from store.opening import choose, opened


def in_database(url: str, name: str) -> str:
    host = conninfo.conninfo_to_dict(url)
    return f"postgresql://{host['user']}:{host['password']}@{host['host']}:{host['port']}/{name}"


@pytest.fixture
def empty_database(store: Connections, request: pytest.FixtureRequest) -> str:
    name = f"other_{request.node.name[:40].lower()}"
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return in_database(store.owner, name)


def test_migrating_twice_is_migrating_once(empty_database: str) -> None:
    newest = max(
        version.stem[:4] for version in (Path(migrations.__file__).parent / "versions").glob("0*.py")
    )
    for _ in range(2):
        migrate(empty_database)
    with connect(empty_database) as connection:
        found = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s", [SCHEMA]
        ).fetchone()
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]
    assert found is not None and found[0] >= 17


def test_every_table_and_every_column_that_needs_it_is_explained(store: Connections) -> None:
    with connect(store.reader or "") as connection:
        silent = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'v') "
            "AND relname <> 'alembic_version' AND obj_description(oid) IS NULL",
            [SCHEMA],
        ).fetchall()
    assert silent == []


def test_a_migration_that_fails_leaves_nothing(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(sql: str) -> None:
        op.get_bind().exec_driver_sql(sql[: sql.index("CREATE TABLE gate_checks")] + "nonsense;")

    monkeypatch.setattr(migrations, "run_sql", half)
    with pytest.raises(Exception, match="nonsense"):
        migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,)


def test_a_named_database_is_used_and_the_embedded_one_is_not_started(
    tmp_path: Path, empty_database: str
) -> None:
    choose(tmp_path, empty_database)
    with opened(tmp_path) as connections, connect(connections.writer) as connection:
        connection.execute(
            "INSERT INTO runs (run_id, began, status, period_days) VALUES ('z', now(), 'x', 1)"
        )
    assert not (tmp_path / "data").exists()
    with connect(empty_database) as connection:
        assert connection.execute("SELECT run_id FROM runs").fetchall() == [("z",)]
    choose(tmp_path, None)
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"host=127\.0\.0\.1 port=9") as caught:
        choose(tmp_path, "postgresql://me:secret@127.0.0.1:9/shop")
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_role_without_rights_is_told_what_to_ask_for(tmp_path: Path, store: Connections) -> None:
    with pytest.raises(UserError, match="grant it CREATE"):
        choose(tmp_path, in_database(store.reader or "", "postgres"))


def test_missing_groups_are_asked_of_the_administrator(
    tmp_path: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = conninfo.conninfo_to_dict(empty_database)["dbname"]
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS plain")
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute(f'GRANT CREATE ON DATABASE "{name}" TO plain')
    host = conninfo.conninfo_to_dict(empty_database)
    url = f"postgresql://plain:plain@{host['host']}:{host['port']}/{name}"
    monkeypatch.setattr(roles, "_TABLE_RIGHTS", {"not_there": "SELECT"})
    with pytest.raises(UserError, match="CREATE ROLE not_there;"):
        choose(tmp_path, url)
