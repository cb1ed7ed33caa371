"""Airflow on this machine for one workspace: ``make airflow``. Ctrl-C ends it and leaves no process.

Runs in Airflow's environment. Starts api-server, scheduler, dag-processor, triggerer, the node server, and a server of
the runs' pages, all on loopback; what ends by itself is started again. Secrets are made once, in a file that only its
owner can read.

Over 300 lines: it runs beside an Airflow in which none of our packages is installed.
"""

import argparse
import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
SECRETS, PASSWORDS = "secrets.json", "passwords.json"
ROLES = {"admin": "Admin", "operator": "Op", "viewer": "Viewer"}
"""User by user its role: viewers look, operators start and repair runs, administrators change everything."""
SIMPLE_ROLES = {"admin": "admin", "operator": "op", "viewer": "viewer"}
POOL, CORES = "retail", os.cpu_count() or 1
READY_SECONDS, END_SECONDS, MOST_RESTARTS = 120, 15, 5


class CannotServe(Exception):
    """Airflow cannot be served; the message says why."""


class Secrets(TypedDict):
    """What an installation keeps to itself; a password by user."""

    fernet_key: str
    secret_key: str
    jwt_secret: str
    passwords: dict[str, str]


def kept(home: Path) -> Secrets:
    """Secrets of this installation: read, or made with mode 600."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / SECRETS
    if path.exists():
        found: Secrets = json.loads(path.read_text())
        return found
    made: Secrets = {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "secret_key": secrets.token_urlsafe(48),
        "jwt_secret": secrets.token_urlsafe(64),
        "passwords": {user: secrets.token_urlsafe(18) for user in ROLES},
    }
    write_secret(path, json.dumps(made))
    return made


def write_secret(path: Path, text: str) -> None:
    """Writes a file that nobody else can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.rename(path)


def environment_of(
    home: Path, port: int, description: Path, database: str | None, auth: str, reports_url: str
) -> dict[str, str]:
    """What Airflow's processes are started with."""
    secret = kept(home)
    address = f"http://127.0.0.1:{port}"
    made = dict(os.environ)
    made.pop("PYTHONPATH", None)
    made.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__FERNET_KEY": secret["fernet_key"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__API__SECRET_KEY": secret["secret_key"],
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secret["jwt_secret"],
            # Half the wall time of a run of short tasks is otherwise spent waiting for the scheduler.
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            # A scheduler that was killed is missed, and its tasks are taken up again, within a minute and not in five.
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            "AIRFLOW__RETAIL__DESCRIPTION": str(description),
            "AIRFLOW__RETAIL__REPORTS_URL": reports_url,
        }
    )
    made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database or f"sqlite:///{home / 'airflow.db'}"
    if auth == "fab":
        made["AIRFLOW__CORE__AUTH_MANAGER"] = (
            "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
        )
        made["AIRFLOW__FAB__CONFIG_FILE"] = str(ROOT / "deploy" / "airflow" / "webserver_config.py")
    else:
        write_secret(home / PASSWORDS, json.dumps(secret["passwords"]))
        made["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(
            f"{u}:{r}" for u, r in SIMPLE_ROLES.items()
        )
        made["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] = str(home / PASSWORDS)
    return made


def airflow(environment: dict[str, str], *arguments: str, said: str = "") -> None:
    """Calls Airflow's command line to its end; ``said`` is what it reads where it asks.

    Raises:
        CannotServe: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        env=environment,
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Without a terminal of its own it reads a password from its input, and not past us from the user's keyboard.
        start_new_session=True,
    )
    if done.returncode:
        raise CannotServe(f"`airflow {' '.join(arguments)}` failed:\n{done.stdout[-3000:]}")


def prepare(environment: dict[str, str], home: Path, auth: str) -> None:
    """Brings Airflow's database up to date, with our pool and, for FAB, its users."""
    airflow(environment, "db", "migrate")
    airflow(environment, "pools", "set", POOL, str(max(CORES, 2)), "Cores; a heavy node takes two")
    if auth != "fab":
        return
    for user, role in ROLES.items():
        named = ("--username", user, "--role", role, "--firstname", user, "--lastname", "retail")
        password = kept(home)["passwords"][user]
        # Asked for twice; as an argument it would be in the list of processes.
        airflow(
            environment, "users", "create", *named, "--email", f"{user}@localhost", said=f"{password}\n" * 2
        )


class Stack:
    """The processes, each in a group of its own."""

    def __init__(
        self, environment: dict[str, str], home: Path, workspace: str, program: list[str], reports_port: int
    ) -> None:
        python = [sys.executable, "-m", "airflow"]
        self._commands = {
            "api-server": [*python, "api-server"],
            "scheduler": [*python, "scheduler", "--skip-serve-logs"],
            "dag-processor": [*python, "dag-processor"],
            "triggerer": [*python, "triggerer", "--skip-serve-logs"],
        }
        reports = Path(workspace) / "reports"
        reports.mkdir(parents=True, exist_ok=True)
        self._commands["reports"] = [
            sys.executable,
            "-m",
            "http.server",
            str(reports_port),
            "--bind",
            "127.0.0.1",
            "--directory",
            str(reports),
        ]
        self._commands["node-server"] = [*program, "node-server", "--workspace", workspace]
        self._environment = environment
        self.logs = home / "server-logs"
        self.logs.mkdir(exist_ok=True)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts: dict[str, int] = {}

    def start(self) -> None:
        for name in self._commands:
            self.start_one(name)

    def start_one(self, name: str) -> None:
        mine = self._environment
        if name in ("node-server", "reports"):
            mine = {key: value for key, value in mine.items() if not key.startswith("AIRFLOW")}
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self._commands[name],
                env=mine,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.logs,
            )

    def ended(self) -> tuple[str, Path] | None:
        """Name and log of a process that has ended; None while all run."""
        for name, process in self.running.items():
            if process.poll() is not None:
                return name, self.logs / f"{name}.log"
        return None

    def mend(self) -> None:
        """Starts again what has ended.

        Raises:
            CannotServe: something ended time and again.
        """
        dead = self.ended()
        if dead is None:
            return
        name, log = dead
        self._restarts[name] = self._restarts.get(name, 0) + 1
        if self._restarts[name] > MOST_RESTARTS:
            raise CannotServe(f"{name} ended for the {self._restarts[name]}th time; its log is {log}")
        print(f"{name} ended and is started again; its log is {log}", flush=True)
        # What it had started would go on beside its successor.
        signal_group(self.running[name], signal.SIGKILL)
        self.start_one(name)

    def stop(self) -> None:
        """Asks every process to end, then ends what is left of its group."""
        for process in self.running.values():
            signal_group(process, signal.SIGINT)
        deadline = time.monotonic() + END_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in self.running.values():
            signal_group(process, signal.SIGKILL)
            process.wait()


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Signals a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait_until_ready(port: int, stack: Stack) -> None:
    """Returns once the API answers and a scheduler lives.

    Raises:
        CannotServe: a process ended, or it takes too long.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        dead = stack.ended()
        if dead:
            raise CannotServe(f"{dead[0]} ended; its log is {dead[1]}")
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5
            ) as answer:
                health = json.load(answer)
            parts = ("scheduler", "dag_processor", "triggerer")
            if all((health.get(part) or {}).get("status") == "healthy" for part in parts):
                return
        except (urllib.error.URLError, OSError, ValueError):
            pass
        time.sleep(0.5)
    raise CannotServe(f"Airflow was not ready within {READY_SECONDS} s; its logs are in {stack.logs}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: ended by a signal; 1: it could not be served."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, required=True, help="Airflow's own folder")
    parser.add_argument("--description", type=Path, required=True, help="pipeline.json of the workspace")
    parser.add_argument(
        "--port", type=int, default=8080, help="of Airflow; the next one serves the runs' pages"
    )
    parser.add_argument("--database", help="SQLAlchemy address of PostgreSQL; SQLite in --home if unset")
    parser.add_argument("--auth", choices=["simple", "fab"], default="simple")
    options = parser.parse_args(arguments)
    home, description = options.home.resolve(), options.description.resolve()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    stack: Stack | None = None
    try:
        if not description.exists():
            raise CannotServe(f"{description}: is not there; call 'retail-inventory compile' first")
        environment = environment_of(
            home,
            options.port,
            description,
            options.database,
            options.auth,
            f"http://127.0.0.1:{options.port + 1}",
        )
        content = json.loads(description.read_text())
        prepare(environment, home, options.auth)
        stack = Stack(environment, home, content["workspace"], content["program"], options.port + 1)
        stack.start()
        wait_until_ready(options.port, stack)
        print(f"Airflow: http://127.0.0.1:{options.port}", flush=True)
        for user, password in kept(home)["passwords"].items():
            print(f"  {user:9} {password}", flush=True)
        print(f"logs: {home / 'server-logs'}; Ctrl-C ends it", flush=True)
        while True:
            stack.mend()
            time.sleep(1)
    except CannotServe as problem:
        print(f"airflow: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        if stack is not None:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
