"""A PostgreSQL that answers by TLS alone, asked as the product asks: who it is, is seen to; all else is refused."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from contracts.errors import UserError
from store.connections import connect
from store.opening import choose, opened
from tests.serving.service.certificates import Authority

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Debian's; the embedded server is built without TLS."""
pytestmark = pytest.mark.skipif(
    not BINARIES, reason="no PostgreSQL with TLS here; apt-get install postgresql"
)


@dataclass(frozen=True)
class Server:
    """Its port, and the authority that its certificate is of."""

    port: int
    authority: Path
    stranger: Path

    def url(self, **more: str) -> str:
        """libpq's address; the certificate is for database.example and not for the address that leads there."""
        given = {
            "host": "database.example",
            "sslmode": "verify-full",
            "sslrootcert": str(self.authority),
        } | more
        listed = "&".join(f"{name}={value}" for name, value in given.items())
        return f"postgresql://owner@/retail?hostaddr=127.0.0.1&port={self.port}&{listed}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Runs until the module's tests are done; plain text is rejected by its own rules."""
    folder = Path(tempfile.mkdtemp(prefix="retail-tls-"))
    root = os.geteuid() == 0
    as_whom = {"user": "nobody", "group": "nogroup", "extra_groups": []} if root else {}

    def call(program: str, *arguments: object) -> None:
        command = [str(BINARIES[-1] / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", **as_whom)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout + done.stderr

    authority, data = Authority.made("our authority"), folder / "data"
    authority.issue(folder / "server.crt", folder / "server.key", "database.example")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    if root:
        for path in (folder, folder / "server.crt", folder / "server.key"):
            shutil.chown(path, "nobody", "nogroup")
    call("initdb", "-D", data, "-U", "owner", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\nhostnossl all all all reject\n")
    options = (
        f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c ssl=on -c ssl_cert_file={folder}/server.crt "
        f"-c ssl_key_file={folder}/server.key -c ssl_min_protocol_version=TLSv1.2"
    )
    made = Server(port, authority.write(folder / "ca.crt"), Authority.made("x").write(folder / "x.crt"))
    try:
        call("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        with psycopg.connect(made.url(), dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE retail")
        yield made
    finally:
        subprocess.run(
            [BINARIES[-1] / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
            capture_output=True,
            cwd="/",
            **as_whom,  # type: ignore[call-overload]
        )
        shutil.rmtree(folder)


def test_the_store_is_made_and_used_where_the_server_is_who_it_should_be(
    server: Server, tmp_path: Path
) -> None:
    choose(tmp_path, server.url())
    with opened(tmp_path) as connections, connect(connections.writer) as connection:
        found = connection.execute(
            "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
        assert found == (True, "TLSv1.3")
        assert connection.execute("SELECT count(*) FROM audit_trail").fetchone() == (0,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sslrootcert": "stranger"}, "certificate verify failed"),
        ({"host": "wrong.example"}, r'"database\.example".* does not match host name "wrong\.example"'),
        ({"sslmode": "disable"}, "no encryption"),
    ],
)
def test_anybody_else_and_plain_text_are_refused_and_nothing_is_chosen(
    server: Server, tmp_path: Path, given: dict[str, str], message: str
) -> None:
    more = {name: str(server.stranger) if value == "stranger" else value for name, value in given.items()}
    url = server.url(**more)
    with pytest.raises(UserError, match=message) as caught:
        choose(tmp_path, url)
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=message):
        connect(url)
    assert list(tmp_path.iterdir()) == []
