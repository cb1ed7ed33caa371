"""Everything on one host: installed twice, asked, and looked at as an intruder would."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.deploy.ansible.machines.conftest import SHOP, Shop
from tests.deploy.ansible.machines.installing import HOME, OWNER, READER, TOKEN

UNITS = [f"retail-{name}" for name in ("serving", "run", "actuals", "plan", "backup")]
EXPOSED = 3.0
SECRETS = (OWNER, READER, TOKEN)
HERE = Path(__file__).parent


def asked(shop: Shop, path: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The service by its name and port of TLS, as a caller in the network asks it."""
    return shop.installed.lab.called(
        "curl", "--silent", "--show-error", "--max-time", "30", "--output", "/dev/stderr", "--write-out",
        "%{http_code}", "--cacert", str(shop.installed.authority), "--resolve",
        f"{SHOP}:443:{shop.machine.address}", *options, f"https://{SHOP}{path}",
    )  # fmt: skip


def queried(
    shop: Shop, query: str, user: str = "retail", password: str = OWNER, **other: str
) -> subprocess.CompletedProcess[str]:
    """The database, as libpq's own client asks it from another host."""
    address = {
        "host": SHOP, "hostaddr": shop.machine.address, "user": user, "dbname": "retail",
        "sslmode": "verify-full", "sslrootcert": str(shop.installed.authority), **other,
    }  # fmt: skip
    told = " ".join(f"{name}={value}" for name, value in address.items())
    return shop.installed.lab.called(
        "psql", "--no-psqlrc", "-Atc", query, told, environment={"PGPASSWORD": password}
    )


def test_the_second_time_nothing_changes(shop: Shop) -> None:
    assert shop.first[SHOP] > 20
    assert shop.installed.done("site.yml") == {SHOP: 0}


def test_a_check_says_what_would_change_and_changes_nothing(shop: Shop) -> None:
    timer = "cat /etc/systemd/system/retail-plan.timer"
    before = shop.machine.done(timer)
    calendar = {"run": "daily", "actuals": "daily", "plan": "Sun 07:00", "backup": "daily"}
    changed = shop.installed.done("site.yml", "--check", "--tags=product", product_calendar=calendar)
    assert changed[SHOP] >= 1
    assert shop.machine.done(timer) == before


def test_the_machine_has_no_failed_unit_and_knows_when_each_job_runs(shop: Shop) -> None:
    assert shop.machine.done("systemctl is-system-running").strip() == "running"
    timers = shop.machine.done("systemctl list-timers --no-legend --no-pager 'retail-*'")
    assert sorted(line.split()[-1] for line in timers.splitlines()) == sorted(
        f"{one}.service" for one in UNITS[1:]
    )


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_is_exposed(shop: Shop, unit: str) -> None:
    said = shop.machine.done(f"systemd-analyze security --no-pager {unit} | tail -1")
    assert float(said.split(":", 1)[1].split()[0]) < EXPOSED


def test_only_tls_and_ssh_are_open_beside_the_database(shop: Shop) -> None:
    listening = shop.machine.done("ss -Htln | awk '{print $4}'").split()
    outside = {one.rpartition(":")[2] for one in listening if not one.startswith(("127.", "[::1]"))}
    assert outside == {"22", "443", "5432"}


def test_orders_are_planned_by_units_alone(lived_in_shop: Shop) -> None:
    machine = lived_in_shop.machine
    assert machine.done(f"ls {HOME}/workspace/plans").split()
    assert machine.done("ls /var/backups/retail-inventory").split()
    found = queried(lived_in_shop, "SELECT count(*) FROM retail.order_lines").stdout
    assert int(found) > 0
    owners = machine.done(f"find {HOME} -not -user retail")
    assert owners == ""


def test_the_administrators_command_speaks_for_the_product(lived_in_shop: Shop) -> None:
    said = lived_in_shop.machine.done(f"retail-inventory status --json --workspace {HOME}/workspace")
    assert json.loads(said)
    assert lived_in_shop.machine.tried("retail-inventory status --workspace /etc").returncode != 0


def test_the_audit_trail_names_who_called_it(lived_in_shop: Shop) -> None:
    machine, of = lived_in_shop.machine, f"--workspace {HOME}/workspace"
    told = f"{of} --config /etc/retail-inventory/config.yaml --order 'a test of the trail'"
    machine.done(f"SUDO_USER=somebody retail-inventory retraining {told}")
    trail = machine.done(f"retail-inventory audit --json {of}")
    assert "a test of the trail" in trail and "somebody" in trail


def test_callers_with_the_token_are_answered_by_tls(lived_in_shop: Shop) -> None:
    model = "/v1/models/demand_forecasting"
    assert asked(lived_in_shop, "/readyz").stdout == "200"
    assert asked(lived_in_shop, model).stdout == "401"
    assert asked(lived_in_shop, model, "--header", f"Authorization: Bearer {TOKEN}").stdout == "200"
    assert asked(lived_in_shop, "/metrics", "--header", f"Authorization: Bearer {TOKEN}").stdout == "403"


def test_callers_refuse_another_authority_and_the_service_older_tls(shop: Shop, tmp_path: Path) -> None:
    assert asked(shop, "/healthz").returncode == 0
    strange = another_authority(tmp_path)
    assert asked(shop, "/healthz", "--cacert", str(strange)).returncode == 60
    assert asked(shop, "/healthz", "--tls-max", "1.2").returncode == 35
    plain = ("curl", "--max-time", "5", f"http://{shop.machine.address}:8501/healthz")
    assert shop.installed.lab.called(*plain).returncode == 7


def another_authority(folder: Path) -> Path:
    """Of the same name."""
    command = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=retail-inventory",
    )
    subprocess.run(
        [*command, "-keyout", "other.key", "-out", "other.crt"], cwd=folder, check=True, capture_output=True
    )
    return folder / "other.crt"


def test_the_database_is_who_it_says_or_is_not_asked(shop: Shop, tmp_path: Path) -> None:
    tls = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert queried(shop, tls).stdout.strip() == "TLSv1.3"
    wrong = queried(shop, tls, sslrootcert=str(another_authority(tmp_path)))
    assert wrong.returncode == 2 and "certificate verify failed" in wrong.stderr
    named = queried(shop, tls, host="spare.example.com")
    assert named.returncode == 2 and "does not match host name" in named.stderr
    plain = queried(shop, tls, sslmode="disable")
    assert plain.returncode == 2 and "pg_hba.conf rejects connection" in plain.stderr
    guessed = queried(shop, tls, password="another")
    assert guessed.returncode == 2 and "authentication failed" in guessed.stderr


def test_readers_read_and_write_nothing(lived_in_shop: Shop) -> None:
    rows = queried(lived_in_shop, "SELECT count(*) FROM retail.runs", "grafana", READER)
    assert int(rows.stdout) == 1
    written = queried(lived_in_shop, "SET TRANSACTION READ WRITE; DELETE FROM retail.runs", "grafana", READER)
    assert written.returncode == 1 and "permission denied" in written.stderr


def test_secrets_are_in_files_of_root_and_nowhere_else(lived_in_shop: Shop) -> None:
    machine = lived_in_shop.machine
    for name in ("pgpass", "token"):
        refused = machine.tried(
            f"setpriv --reuid=retail --regid=retail --clear-groups cat /etc/retail-inventory/{name}"
        )
        assert refused.returncode != 0 and "Permission denied" in refused.stderr
    escaped = OWNER.replace("\\", "\\\\").replace(":", "\\:")
    look = f"SECRETS = {(*SECRETS, escaped)!r}\n" + (HERE / "look.py").read_text()
    assert machine.done("python3 -", given=look) == ""
    planted = "install -d /var/log/planted && cat >/var/log/planted/file"
    machine.done(planted, given=TOKEN)
    assert machine.done("python3 -", given=look) == "/var/log/planted/file\n"
    machine.done("rm -r /var/log/planted")
