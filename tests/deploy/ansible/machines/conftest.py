"""One installation for all tests: a shop with everything on one host, and a spare host beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.deploy.ansible.machines.installing import Installation, installation, live_in
from tests.deploy.ansible.machines.lab import Lab, Machine, lab
from tests.places import ROOT

SHOP, SPARE = "shop.example.com", "spare.example.com"


@dataclass(frozen=True)
class Shop:
    """Attributes: installed: how; first: what the first call changed, by host; source: the revisions it is made of."""

    installed: Installation
    machine: Machine
    source: Path
    first: dict[str, int]


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab"), SHOP, SPARE) as made:
        yield made


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, so that another revision can be made."""
    folder = tmp_path_factory.mktemp("source") / "repository"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def shop(machines: Lab, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    from tests.pipeline.small import CONFIG

    own = {
        "product_source": str(source), "product_configuration": yaml.safe_load(CONFIG), "database_listen": "*",
        "database_clients": ["10.77.0.0/24"],
    }  # fmt: skip
    installed = installation(machines, "one", tmp_path_factory.mktemp("shop") / "inventory", own)
    first = dict(installed.done("site.yml"))
    return Shop(installed, machines.machines[SHOP], source, first)


@pytest.fixture(scope="session")
def lived_in_shop(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same after a training, a plan and a back-up, each by its unit."""
    live_in(shop.machine, tmp_path_factory.mktemp("data"))
    return shop
