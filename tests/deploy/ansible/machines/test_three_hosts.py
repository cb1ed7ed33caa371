"""A host for PostgreSQL, one for the product, one that watches both: what crosses the network, and who is told."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.ansible.machines.installing import OWNER, READER, TOKEN, Installation, installation, live_in
from tests.deploy.ansible.machines.lab import Machine, lab
from tests.pipeline.small import CONFIG

DATABASE, SHOP, WATCH = "db.example.com", "shop.example.com", "watch.example.com"
WATCHER = "the-watchers/pass@word"
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with lab(tmp_path_factory.mktemp("lab"), DATABASE, SHOP, WATCH) as made:
        of = {name: machine.address for name, machine in made.machines.items()}
        own = {
            "database_clients": [f"{of[SHOP]}/32", f"{of[WATCH]}/32"], "proxy_metrics_readers": [of[WATCH]],
            "vault_database_monitoring_password": WATCHER, "product_configuration": yaml.safe_load(CONFIG),
        }  # fmt: skip
        yield installation(made, "three", tmp_path_factory.mktemp("three") / "inventory", own)


@pytest.fixture(scope="module")
def counts(installed: Installation) -> dict[str, int]:
    """What the first call changed, by host."""
    return dict(installed.done("site.yml"))


@pytest.fixture(scope="module")
def lived_in(
    installed: Installation, counts: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The shop has trained and planned since, by its units."""
    live_in(installed.lab.machines[SHOP], tmp_path_factory.mktemp("data"))
    return installed


def told(machine: Machine, path: str) -> Any:
    """What Prometheus, or Alertmanager, answers on its own host."""
    ask = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{path}').read().decode())"
    return json.loads(machine.done(f'python3 -c "{ask}"'))


def asked(installed: Installation, query: str) -> list[str]:
    """The values of what Prometheus found for a query."""
    path = f"9090/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    return [one["value"][1] for one in told(installed.lab.machines[WATCH], path)["data"]["result"]]


def up(installed: Installation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in told(installed.lab.machines[WATCH], "9090/api/v1/targets")["data"]["activeTargets"]:
        found.setdefault(one["labels"]["job"], []).append(one["health"] + one["lastError"])
    return found


def test_the_second_time_nothing_changes(installed: Installation, counts: dict[str, int]) -> None:
    assert all(count > 10 for count in counts.values())
    assert installed.done("site.yml") == {DATABASE: 0, SHOP: 0, WATCH: 0}


def test_everything_is_watched(lived_in: Installation) -> None:
    wanted = {"prometheus": 1, "retail-serving": 1, "retail-store": 1, "postgres": 1, "node": 3}
    deadline = time.monotonic() + 120
    while (found := up(lived_in)) != {job: count * ["up"] for job, count in wanted.items()}:
        assert time.monotonic() < deadline, found
        time.sleep(3)
    assert asked(lived_in, "pg_up") == ["1"]


def test_what_the_shop_did_is_measured(lived_in: Installation) -> None:
    for query in (
        'sql_retail_training_newest{status="pushed", col="is"}',
        'sql_retail_planning_newest{status="planned", col="is"}',
        'up{job="retail-serving"}',
    ):
        deadline = time.monotonic() + 120
        while (found := asked(lived_in, query)) != ["1"]:
            assert time.monotonic() < deadline, (query, found)
            time.sleep(3)


def test_a_service_that_is_gone_is_told(lived_in: Installation) -> None:
    lived_in.lab.machines[SHOP].done("systemctl stop retail-serving")
    deadline = time.monotonic() + 300
    while "RetailServiceDown" not in {
        one["labels"]["alertname"] for one in told(lived_in.lab.machines[WATCH], "9093/api/v2/alerts")
    }:
        assert time.monotonic() < deadline
        time.sleep(5)
    lived_in.lab.machines[SHOP].done("systemctl start retail-serving")


def queried(installed: Installation, user: str, password: str) -> subprocess.CompletedProcess[str]:
    address = installed.lab.machines[DATABASE].address
    tls = f"sslmode=verify-full sslrootcert={installed.authority}"
    to = f"host={DATABASE} hostaddr={address} user={user} dbname=retail {tls}"
    return installed.lab.called(
        "psql", "--no-psqlrc", "-Atc", "SELECT 1", to, environment={"PGPASSWORD": password}
    )


def test_the_database_answers_its_clients_alone(lived_in: Installation) -> None:
    """This machine is in the network, and no client."""
    for user, password in (("retail", OWNER), ("grafana", READER), ("monitoring", WATCHER)):
        refused = queried(lived_in, user, password)
        assert refused.returncode == 2 and "no pg_hba.conf entry" in refused.stderr


def test_who_watches_may_only_read(lived_in: Installation) -> None:
    rights = "SELECT has_table_privilege('monitoring', 'retail.runs', '{}')"
    ask = "psql --username=postgres -At retail"
    machine = lived_in.lab.machines[DATABASE]
    assert machine.done(ask, given=rights.format("SELECT")) == "t\n"
    assert machine.done(ask, given=rights.format("INSERT, UPDATE, DELETE")) == "f\n"


@pytest.mark.parametrize("name", [DATABASE, SHOP, WATCH])
def test_exporters_answer_nobody_without_a_certificate(
    installed: Installation, counts: dict[str, int], name: str
) -> None:
    address = installed.lab.machines[name].address
    answer = installed.lab.called(
        "curl", "--silent", "--cacert", str(installed.authority), "--resolve", f"{name}:9100:{address}",
        f"https://{name}:9100/metrics",
    )  # fmt: skip
    assert answer.returncode != 0 and answer.stdout == ""
    listening = installed.lab.machines[name].done("ss -Htln | awk '{print $4}'").split()
    outside = {one.rpartition(":")[2] for one in listening if not one.startswith(("127.", "[::1]"))}
    assert outside == {"22", "9100", *{DATABASE: ["5432"], SHOP: ["443"], WATCH: []}[name]}


def test_secrets_of_who_watches_are_files_of_his_alone(
    installed: Installation, counts: dict[str, int]
) -> None:
    machine = installed.lab.machines[WATCH]
    encoded = urllib.parse.quote(WATCHER, safe="")
    look = f"SECRETS = {(TOKEN, WATCHER, encoded)!r}\n" + (HERE / "look.py").read_text()
    assert machine.done("python3 -", given=look) == ""
    holding = machine.done(f"grep -rlF -e '{TOKEN}' -e '{WATCHER}' -e '{encoded}' /etc").split()
    assert len(holding) == 3
    for path in holding:
        assert machine.done(f"stat -c '%U %a' {path}") == "prometheus 400\n"


def test_what_is_removed_leaves_what_was_measured(lived_in: Installation) -> None:
    """The last of these tests."""
    watch = lived_in.lab.machines[WATCH]
    lived_in.done("remove.yml")
    assert watch.tried(f"grep -rqF -e '{TOKEN}' -e '{WATCHER}' /etc").returncode == 1
    assert watch.done("ls /var/lib/prometheus/metrics2").split()
    for machine in lived_in.lab.machines.values():
        assert machine.done("ss -Htln 'sport = :9100 or sport = :9090 or sport = :9093'") == ""
        assert machine.done("systemctl is-system-running").strip() == "running"
