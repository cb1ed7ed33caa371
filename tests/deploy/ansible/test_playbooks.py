"""Playbooks before any host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.ansible.playbooks import ANSIBLE, called
from tests.deploy.images.test_containerfiles import packages_of
from tests.places import ROOT

PLAYBOOKS = sorted(path.name for path in ANSIBLE.glob("*.yml"))
INVENTORIES = sorted((ANSIBLE / "inventories").iterdir())


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
def test_ansible_reads_every_playbook_for_every_inventory(inventory: Path) -> None:
    assert "site.yml" in PLAYBOOKS
    done = called("ansible-playbook", "--syntax-check", f"--inventory={inventory}", *PLAYBOOKS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ansible_is_locked_by_hashes_without_the_name_of_an_index() -> None:
    lock = ROOT / "deploy" / "ansible" / "requirements.lock"
    found = packages_of(lock)
    assert all(hashes for hashes in found.values())
    assert {"ansible", "ansible-core", "ansible-lint"} <= {name.partition("==")[0] for name in found}
    assert "://" not in lock.read_text()
