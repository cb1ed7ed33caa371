"""A newer release and back, a back-up on another host, and what stays when all is removed. In this order."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.deploy.ansible.machines.conftest import SHOP, SPARE, Shop
from tests.deploy.ansible.machines.installing import HOME, Installation, installation
from tests.deploy.ansible.machines.lab import Machine

ROOTS = "/opt/retail-inventory"


def current(machine: Machine) -> str:
    return machine.done(f"basename $(readlink {ROOTS}/current)").strip()


def pair(machine: Machine) -> str:
    return str(json.loads(machine.done(f"cat {HOME}/workspace/serving/pair.json"))["stable"])


def answers(machine: Machine) -> str:
    """Of the service, once it has a pair."""
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8501/readyz').read().decode())"
    once = f'{ROOTS}/current/environment/bin/python -c "{ask}" 2>/dev/null'
    return machine.done(f"for i in $(seq 60); do {once} && exit; sleep 1; done; false")


@pytest.fixture(scope="module")
def newer(lived_in_shop: Shop) -> tuple[str, str]:
    """The release before, and a newer one that was installed over it."""
    before = current(lived_in_shop.machine)
    project = lived_in_shop.source / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "', 'version = "9.', 1))
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *who, "commit", "-qam", "Newer"], cwd=lived_in_shop.source, check=True)
    checked = lived_in_shop.installed.done("site.yml", "--tags=product", "--check")
    assert checked[SHOP] > 0 and current(lived_in_shop.machine) == before
    changed = lived_in_shop.installed.done("site.yml", "--tags=product")
    assert changed[SHOP] > 0
    return before, current(lived_in_shop.machine)


def test_a_newer_release_serves_what_was_there(lived_in_shop: Shop, newer: tuple[str, str]) -> None:
    before, after = newer
    machine = lived_in_shop.machine
    assert before != after
    version = "import importlib.metadata as m; print(m.version('retail-inventory'))"
    assert machine.done(f'{ROOTS}/current/environment/bin/python -c "{version}"').startswith("9.")
    assert pair(machine) in answers(machine)


def test_what_runs_is_what_was_installed(lived_in_shop: Shop, newer: tuple[str, str]) -> None:
    machine = lived_in_shop.machine
    told = machine.done(
        "tr '\\0' ' ' </proc/$(systemctl show --property=MainPID --value retail-serving)/cmdline"
    )
    assert f"{ROOTS}/releases/{newer[1]}/" in told


def test_it_goes_back_and_forth(lived_in_shop: Shop, newer: tuple[str, str]) -> None:
    before, after = newer
    machine, installed = lived_in_shop.machine, lived_in_shop.installed
    installed.done("rollback.yml")
    assert current(machine) == before
    assert pair(machine) in answers(machine)
    refused = installed.called("rollback.yml", rollback_release="none-such")
    assert refused.returncode != 0 and "is no release that is there" in refused.stdout
    assert current(machine) == before
    installed.done("rollback.yml", rollback_release=after)
    assert current(machine) == after


@pytest.fixture(scope="module")
def restored(lived_in_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The shop's newest back-up, restored on a host that had nothing."""
    folder = tmp_path_factory.mktemp("spare")
    lab = lived_in_shop.installed.lab
    name = lived_in_shop.machine.done("ls -t /var/backups/retail-inventory | head -1").strip()
    of_shop = lived_in_shop.machine
    copied = subprocess.run(
        ["ip", "netns", "exec", of_shop.lab, "scp", "-q", *of_shop.ssh_options,
         f"root@{of_shop.address}:/var/backups/retail-inventory/{name}", str(folder / name)],
    )  # fmt: skip
    assert copied.returncode == 0
    own = {"product_source": str(lived_in_shop.source), "product_timers": False}
    installed = installation(lab, "one", folder / "inventory", own, {SHOP: SPARE})
    installed.done("site.yml")
    installed.done("restore.yml", restore_backup=str(folder / name))
    return installed


def counted(machine: Machine, table: str) -> int:
    return int(machine.done(f"psql --username=postgres -Atc 'SELECT count(*) FROM retail.{table}' retail"))


def test_a_back_up_is_restored_on_another_host(lived_in_shop: Shop, restored: Installation) -> None:
    spare = restored.lab.machines[SPARE]
    assert pair(spare) == pair(lived_in_shop.machine)
    assert pair(spare) in answers(spare)
    for table in ("order_lines", "forecasts", "runs"):
        assert counted(spare, table) == counted(lived_in_shop.machine, table) > 0


def test_what_is_there_is_not_overwritten(restored: Installation, tmp_path: Path) -> None:
    before = pair(restored.lab.machines[SPARE])
    refused = restored.called("restore.yml", restore_backup=str(tmp_path))
    assert refused.returncode != 0 and "is not empty" in refused.stdout
    assert pair(restored.lab.machines[SPARE]) == before


def test_what_is_removed_leaves_the_data(restored: Installation) -> None:
    spare = restored.lab.machines[SPARE]
    rows, served = counted(spare, "order_lines"), pair(spare)
    restored.done("remove.yml")
    for gone in (
        ROOTS,
        "/etc/retail-inventory",
        "/usr/local/sbin/retail-inventory",
        "/etc/nginx/conf.d/retail.conf",
    ):
        assert spare.tried(f"test -e {gone}").returncode == 1
    assert spare.tried("systemctl list-unit-files --no-legend 'retail-*'").stdout == ""
    assert spare.done("systemctl is-system-running").strip() == "running"
    assert (counted(spare, "order_lines"), pair(spare)) == (rows, served)
