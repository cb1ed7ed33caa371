"""The embedded server: starts, is shared, stops, survives kills, and keeps its passwords to itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from contracts.errors import UserError
from store.connections import FILE, Connections, connect
from store.server import EmbeddedServer

HOLD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # A job in the background inherits that it is ignored.
from pathlib import Path
from store.server import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])).serving():
    print("ready", flush=True)
    time.sleep(60)
"""


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One server for the module; each test leaves it stopped."""
    return tmp_path_factory.mktemp("server") / "postgres"


def test_it_runs_while_it_is_needed_and_keeps_what_was_written(folder: Path) -> None:
    with EmbeddedServer(folder).serving() as first:
        with connect(first.writer) as connection:
            connection.execute(
                "INSERT INTO runs (run_id, began, status, period_days) VALUES ('a', now(), 'x', 1)"
            )
        assert answers(first.reader or "")
    assert not answers(first.reader or "")
    with EmbeddedServer(folder).serving() as second, connect(second.reader or "") as connection:
        assert connection.execute("SELECT run_id FROM runs").fetchall() == [("a",)]


def test_a_copy_of_a_folder_whose_server_runs_is_another_one(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "postgres"
    run = "INSERT INTO runs (run_id, began, status, period_days) VALUES ('copied', now(), 'x', 1)"
    with EmbeddedServer(folder).serving() as original:
        with psycopg.connect(original.owner, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        subprocess.run(["cp", "-a", str(folder), str(copy)], check=True)
        with EmbeddedServer(copy).serving() as copied, connect(copied.writer) as connection:
            assert copied.owner != original.owner
            connection.execute(run)
        with connect(original.reader or "") as connection:
            query = "SELECT count(*) FROM runs WHERE run_id = 'copied'"
            assert connection.execute(query).fetchone() == (0,)
    assert not answers(copied.owner)


def test_it_listens_on_loopback_alone_and_asks_for_a_password(folder: Path) -> None:
    with EmbeddedServer(folder).serving() as connections:
        with connect(connections.owner) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
        wrong = conninfo.make_conninfo(connections.owner, password="guess")
        with pytest.raises(UserError, match="password authentication failed") as caught:
            connect(wrong)
        assert "guess" not in str(caught.value)


def test_a_reader_cannot_write_and_a_writer_cannot_change_tables(folder: Path) -> None:
    with EmbeddedServer(folder).serving() as connections:
        for url, statement in (
            (connections.reader, "DELETE FROM runs"),
            (connections.reader, "INSERT INTO plans VALUES (now(), now(), 1, 1, '{}', 1, 1, 1, 1)"),
            (connections.reader, "CREATE TABLE retail.mine (a int)"),
            (connections.writer, "DROP TABLE runs"),
            (connections.writer, "CREATE TABLE retail.mine (a int)"),
        ):
            with connect(url or "") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_passwords_are_in_one_file_that_only_the_owner_reads(folder: Path) -> None:
    file = folder / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    passwords = [
        str(conninfo.conninfo_to_dict(url)["password"]) for url in json.loads(file.read_text()).values()
    ]
    assert len(set(passwords)) == 3 and min(map(len, passwords)) >= 32
    for path in folder.rglob("*"):
        if path.is_file() and path != file:
            content = path.read_bytes()
            assert not any(password.encode() in content for password in passwords), path


def test_two_commands_share_it_and_the_last_one_stops_it(folder: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
        with EmbeddedServer(folder).serving() as connections:
            pass
        assert answers(connections.owner)
        with pytest.raises(UserError, match="a command is using the database"):
            EmbeddedServer(folder).stop()
    finally:
        other.send_signal(signal.SIGINT)
        other.wait(30)
    assert not answers(connections.owner)


def test_a_killed_command_leaves_a_server_that_the_next_one_takes_over_and_stops(folder: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "ready\n"
    other.kill()
    other.wait(30)
    with EmbeddedServer(folder).serving() as connections:
        assert answers(connections.owner)
    assert not answers(connections.owner)


def test_it_stays_where_it_was_asked_to(folder: Path) -> None:
    server = EmbeddedServer(folder)
    connections = server.stay()
    with server.serving():
        pass
    assert answers(connections.reader or "")
    assert server.stop()
    assert not answers(connections.reader or "")
    assert not server.stop()


def test_a_taken_port_is_changed_and_the_file_says_so(folder: Path) -> None:
    port = int(str(conninfo.conninfo_to_dict(Connections.read(folder).owner)["port"]))
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with EmbeddedServer(folder).serving() as connections:
            assert f":{port}/" not in connections.owner
            assert Connections.read(folder) == connections
            assert answers(connections.reader or "")


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6, 0.9, 1.4])
def test_killed_while_it_is_made_the_next_call_makes_it(tmp_path: Path, delay: float) -> None:
    folder = tmp_path / "postgres"
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], start_new_session=True)
    while not folder.exists():
        time.sleep(0.01)
    time.sleep(delay)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(30)
    with EmbeddedServer(folder).serving() as connections, connect(connections.reader or "") as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_data_of_a_version_that_is_not_here_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9.6\n")
    Connections(owner="postgresql://a", writer="postgresql://a", reader=None).write(tmp_path / "postgres")
    with (
        pytest.raises(UserError, match=r"written by PostgreSQL 9\.6"),
        EmbeddedServer(tmp_path / "postgres").serving(),
    ):
        pass


@pytest.mark.parametrize("name", ["two words", 'a "quoted" $HOME', "it's; `ls` & %s", "Müsli 100% (1)"])
def test_any_name_of_a_folder_is_one(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    root.mkdir()
    with (
        EmbeddedServer(root / "postgres").serving() as connections,
        connect(connections.reader or "") as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (root / "postgres" / "data" / "server.log").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]
