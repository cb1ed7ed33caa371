"""An installation as an operator has it: a copied inventory with own values beside it, and Ansible called on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.ansible.machines.lab import AUTHORITY, PACKAGES, Lab, Machine
from tests.deploy.ansible.playbooks import ANSIBLE, program

OWNER, READER, TOKEN = "the:owner's\\password", "the-readers-password", "the-callers-token"
"""Of this test; the first has all that a password file must escape."""
HOME = "/var/lib/retail-inventory"


@dataclass(frozen=True)
class Installation:
    """Attributes: lab: its machines; folder: its inventory, with the authority's certificate and key."""

    lab: Lab
    folder: Path

    def called(self, playbook: str, *options: str, **values: object) -> subprocess.CompletedProcess[str]:
        """Ansible in the lab's network.

        Args:
            options: of ansible-playbook.
            values: variables that go before the inventory's.
        """
        command = [
            program("ansible-playbook"), f"--inventory={self.folder}", f"--extra-vars={json.dumps(values)}", *options,
            str(ANSIBLE / playbook),
        ]  # fmt: skip
        environment = {
            "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOST_KEY_CHECKING": "0",
            # Another lab's machines have the same addresses, so its connections must not be taken up.
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder.parent / "connections"),
        }  # fmt: skip
        return self.lab.called(*command, environment=environment, timeout=2400)

    def done(self, playbook: str, *options: str, **values: object) -> Mapping[str, int]:
        """How many tasks changed something, by host; fails where one failed."""
        ended = self.called(playbook, *options, **values)
        assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
        return {
            host: int(count)
            for host, count in re.findall(r"^(\S+) +: .*changed=(\d+)", ended.stdout, re.MULTILINE)
        }

    @property
    def authority(self) -> Path:
        return self.folder / "authority" / "authority.crt"


def installation(
    lab: Lab, example: str, folder: Path, own: Mapping[str, Any], renamed: Mapping[str, str] | None = None
) -> Installation:
    """An example of an inventory, copied, with the lab's addresses and secrets beside it.

    Args:
        example: its name.
        own: values of this installation.
        renamed: other names for hosts of the example.
    """
    shutil.copytree(ANSIBLE / "inventories" / example, folder)
    hosts = folder / "hosts.yml"
    for name, other in (renamed or {}).items():
        hosts.write_text(hosts.read_text().replace(name, other))
    for machine in lab.machines.values():
        of_host = folder / "host_vars" / f"{machine.name}.yml"
        of_host.parent.mkdir(exist_ok=True)
        of_host.write_text(json.dumps({
            "ansible_host": machine.address, "ansible_ssh_private_key_file": str(machine.key),
            "ansible_ssh_common_args": " ".join(machine.ssh_options),
        }))  # fmt: skip
    reached = {"SSL_CERT_FILE": AUTHORITY, "PIP_CERT": AUTHORITY, "UV_CACHE_DIR": PACKAGES}
    reached |= {
        name: os.environ[name] for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX") if name in os.environ
    }
    values = {
        "vault_database_password": OWNER, "vault_database_grafana_password": READER, "vault_product_token": TOKEN,
        "product_package_environment": reached,
    }  # fmt: skip
    of_all = folder / "group_vars" / "all.yml"
    of_all.parent.mkdir(exist_ok=True)
    of_all.write_text(json.dumps({**values, **own}))
    return Installation(lab, folder)


def live_in(machine: Machine, folder: Path) -> None:
    """Delivers a small retailer's data, and has each job done by its unit.

    Args:
        folder: an empty one of ours.
    """
    from pipeline.sample_data.files import write_sample_data
    from tests.pipeline.small import PERIODS, PRODUCTS, STORES

    write_sample_data(folder / "data", stores=STORES, products=PRODUCTS, periods=PERIODS, seed=3)
    with tarfile.open(folder / "data.tar", "w") as packed:
        packed.add(folder / "data", "data")
    unpacked = f"tar -C {HOME} --no-same-owner --no-overwrite-dir -xf - && chown -R retail: {HOME}/data"
    subprocess.run(
        ["ip", "netns", "exec", machine.lab, "ssh", *machine.ssh_options, f"root@{machine.address}", unpacked],
        stdin=(folder / "data.tar").open("rb"), check=True,
    )  # fmt: skip
    for job in ("run", "plan", "actuals", "backup"):
        machine.done(f"systemctl start retail-{job} || {{ journalctl -o cat -u retail-{job}; false; }}")
