"""MLflow on this machine, with users: ``make mlflow``. Ctrl-C ends it and leaves no process.

Runs in MLflow's environment, on loopback. The administrator's password is made once, in a file that only its owner can
read, and that MLflow's own clients read as ``~/.mlflow/credentials``.
"""

import argparse
import configparser
import io
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

ADMINISTRATOR = "admin"
CREDENTIALS, USERS, KEY = "credentials", "basic_auth.ini", "session.key"


def write_secret(path: Path, text: str) -> None:
    """Writes a file that nobody else can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.rename(path)


def password_of(home: Path) -> str:
    """The administrator's, made where there is none yet."""
    path = home / CREDENTIALS
    if not path.exists():
        lines = f"mlflow_tracking_username = {ADMINISTRATOR}\nmlflow_tracking_password = {secrets.token_urlsafe(18)}\n"
        write_secret(path, f"[mlflow]\n{lines}")
    found = configparser.ConfigParser(interpolation=None)
    found.read_string(path.read_text())
    return found["mlflow"]["mlflow_tracking_password"]


def session_key(home: Path) -> str:
    """What sessions are signed with, made where there is none yet."""
    path = home / KEY
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(48))
    return path.read_text()


def environment_of(home: Path, database: str) -> dict[str, str]:
    """What MLflow is started with; nobody but its administrator may do anything that was not permitted."""
    found = configparser.ConfigParser(interpolation=None)
    found["mlflow"] = {
        "default_permission": "READ",
        "database_uri": database,
        "admin_username": ADMINISTRATOR,
        "admin_password": password_of(home),
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    text = io.StringIO()
    found.write(text)
    write_secret(home / USERS, text.getvalue())
    made = dict(os.environ)
    made.pop("PYTHONPATH", None)
    made.update(
        {
            "MLFLOW_AUTH_CONFIG_PATH": str(home / USERS),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": session_key(home),
            # As an argument a database's password would be in the list of processes.
            "MLFLOW_BACKEND_STORE_URI": database,
            # Seven consumers of 180 MB each, for jobs that nobody here starts.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
    )
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Becomes the server. Exit code: its own; 2: it cannot be started as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--home", type=Path, required=True, help="MLflow's own folder: database, artifacts, users"
    )
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--database", help="SQLAlchemy address of PostgreSQL; SQLite in --home if unset")
    options = parser.parse_args(arguments)
    home = options.home.resolve()
    if options.database and not options.database.startswith("postgresql+psycopg://"):
        # SQLAlchemy 2.1 would take postgresql:// too; what it means by it depends on what is installed.
        parser.error("an address of PostgreSQL begins with postgresql+psycopg:// here")
    (home / "artifacts").mkdir(parents=True, exist_ok=True)
    environment = environment_of(home, options.database or f"sqlite:///{home / 'mlflow.db'}")
    print(f"MLflow: http://127.0.0.1:{options.port}; who may enter is in {home / CREDENTIALS}", flush=True)
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(options.port)),
        *("--artifacts-destination", (home / "artifacts").as_uri(), "--serve-artifacts"),
        *("--app-name", "basic-auth", "--workers", "1"),
    ]
    os.chdir(home)
    os.execve(command[0], command, environment)  # noqa: S606 - it becomes the server, so that signals reach it


if __name__ == "__main__":
    main()
