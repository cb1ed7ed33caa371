"""A real MLflow server with users on a real PostgreSQL, which can be killed and started again."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo

from store.connections import Connections
from tests.deploy.live.programs import free_port, get, until
from tests.places import ROOT

PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"
SIDE = Path(__file__).parent / "mlflow_side.py"


def database(connections: Connections, name: str) -> str:
    """SQLAlchemy's address of a new database."""
    with psycopg.connect(connections.owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    of = conninfo.conninfo_to_dict(connections.owner)
    return f"postgresql+psycopg://{of['user']}:{of['password']}@{of['host']}:{of['port']}/{name}"


@dataclass
class Mlflow:
    """The server: ``make mlflow``'s script, in a folder."""

    home: Path
    database: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(PYTHON), str(ROOT / "scripts" / "serve_mlflow.py"), "--home", str(self.home)]
        with (self.home.parent / "mlflow.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--database", self.database],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

        def answers() -> bool:
            assert self.process is not None and self.process.poll() is None, "it ended; see mlflow.log"
            return get(f"{self.address}/health") == "OK"

        until(answers, "MLflow", 180)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, number)
            self.process.wait(30)
            self.process = None

    def credentials(self) -> dict[str, str]:
        """As the variables that every client of MLflow reads."""
        found = configparser.ConfigParser(interpolation=None)
        found.read(self.home / "credentials")
        return {name.upper(): value for name, value in found["mlflow"].items()}

    def client(self, *arguments: object) -> Any:
        """What MLflow's own client says."""
        done = subprocess.run(
            [str(PYTHON), str(SIDE), *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, **self.credentials(), "MLFLOW_TRACKING_URI": self.address},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout) if done.stdout.strip() else None


@contextmanager
def mlflow(connections: Connections, folder: Path) -> Iterator[Mlflow]:
    """A server for as long as the block lasts; skips where its environment could not be made."""
    if not PYTHON.exists():
        pytest.skip("there is no .venv-mlflow; 'make mlflow-setup' says why")
    made = Mlflow(folder / "mlflow", database(connections, f"mlflow_{os.getpid()}"), free_port())
    made.start()
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(made.home / "artifacts", ignore_errors=True)
