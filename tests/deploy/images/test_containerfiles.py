"""What images are made of, before any is built."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

IMAGES = ROOT / "deploy" / "images"
PRODUCT, AIRFLOW = IMAGES / "Containerfile", IMAGES / "airflow.Containerfile"


def packages_of(lock: Path) -> dict[str, set[str]]:
    """By name and version what is locked for Python 3.13, and the hashes of its files."""
    found: dict[str, set[str]] = {}
    name = ""
    for line in lock.read_text().splitlines():
        if start := re.match(r"([a-z0-9._-]+(?:\[[^]]*\])?==[^ ;\\]+)", line):
            name = start[1]
            found.setdefault(name, set())
        elif digest := re.search(r"--hash=(sha256:[0-9a-f]{64})", line):
            found[name].add(digest[1])
    return found


def last_stage(containerfile: Path) -> str:
    return containerfile.read_text().rpartition("\nFROM ")[2]


@pytest.mark.parametrize("containerfile", [PRODUCT, AIRFLOW], ids=lambda path: path.name)
def test_the_base_is_one_and_by_its_digest(containerfile: Path) -> None:
    (base,) = re.findall(r"^ARG BASE=(.*)$", containerfile.read_text(), re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/debian:trixie-slim@sha256:[0-9a-f]{64}", base)
    assert base in PRODUCT.read_text() and base in AIRFLOW.read_text()
    assert set(re.findall(r"^FROM (\S+)", containerfile.read_text(), re.MULTILINE)) == {"${BASE}"}


@pytest.mark.parametrize("containerfile", [PRODUCT, AIRFLOW], ids=lambda path: path.name)
def test_what_stays_is_made_for_no_root_and_has_no_compiler(containerfile: Path) -> None:
    stage = last_stage(containerfile)
    (user,) = re.findall(r"^USER (\d+):\d+$", stage, re.MULTILINE)
    assert int(user) > 0
    assert not re.search(r"g\+\+|gcc|-dev\b|pip install|PIP_INDEX_URL", stage)


def test_the_image_gets_every_package_of_the_product() -> None:
    declared = re.search(r"include = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert declared is not None
    packages = set(re.findall(r'"([a-z]+)\*"', declared[1]))
    copied = set(re.findall(r"^COPY ([a-z]+) \1$", PRODUCT.read_text(), re.MULTILINE))
    assert copied == packages


def test_the_images_lock_is_the_tested_one_without_the_tools_of_developers() -> None:
    tested, shipped = packages_of(ROOT / "requirements.lock"), packages_of(IMAGES / "requirements.lock")
    assert set(shipped) <= set(tested)
    assert all(hashes and hashes <= tested[name] for name, hashes in shipped.items())
    names = {name.partition("==")[0] for name in shipped}
    assert {"tfx", "tensorflow", "psycopg", "uvicorn"} <= names
    assert not {"pytest", "mypy", "ruff", "hypothesis", "import-linter"} & names


@pytest.mark.parametrize("containerfile", [PRODUCT, AIRFLOW], ids=lambda path: path.name)
def test_whatever_is_copied_is_there(containerfile: Path) -> None:
    for line in re.findall(r"^COPY (?!--from)(?:--\S+ )*(.*)$", containerfile.read_text(), re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source


@pytest.mark.parametrize("name", ["build.sh", "healthy.sh"])
def test_scripts_are_what_a_plain_shell_reads(name: str) -> None:
    assert subprocess.run(["sh", "-n", str(IMAGES / name)]).returncode == 0
