"""The database of deploy/, as its image would set it up: psql runs the roles' file, then a command opens the store."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from store import server
from store.connections import Connections, connect
from store.opening import choose, opened
from store.server import EmbeddedServer
from tests.grafana.board_files import GRAFANA

ROLES = GRAFANA.parent / "deploy" / "database" / "roles.sql"
PASSWORD = "it's \\ a $password"


def test_grafanas_role_reads_and_writes_nothing(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "server").serving() as made:
        _forget_roles(made)
        psql = server._package() / server._BINARIES["18"] / "bin" / "psql"
        done = subprocess.run(
            [psql, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f", ROLES, made.owner],
            env=os.environ | {"RETAIL_DATABASE_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        choose(tmp_path / "store", made.owner)
        with opened(tmp_path / "store") as connections, connect(connections.writer) as connection:
            connection.execute(
                "INSERT INTO runs (run_id, began, status, period_days) VALUES ('a', now(), 'x', 1)"
            )
        grafana = conninfo.make_conninfo(made.owner, user="grafana", password=PASSWORD)
        with psycopg.connect(grafana, autocommit=True) as connection:
            assert connection.execute("SELECT run_id FROM retail.runs").fetchall() == [("a",)]
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("DELETE FROM retail.runs")
            connection.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM retail.runs")
    assert PASSWORD not in (tmp_path / "server" / "data" / "server.log").read_text()


def _forget_roles(made: Connections) -> None:
    """Leaves what a new database has: its owner, and nothing of ours."""
    with psycopg.connect(made.owner, autocommit=True) as connection:
        connection.execute("DROP SCHEMA retail CASCADE")
        for role in ("grafana", "retail_exporter", "retail_reader", "retail_writer"):
            connection.execute(f"DROP OWNED BY {role}".encode())
            connection.execute(f"DROP ROLE {role}".encode())
