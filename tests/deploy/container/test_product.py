"""The product's image, built by buildah, run by podman and runc: no root, and nothing to write to but volumes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.deploy.container.engine import LOCKED_DOWN, TAG, built, entry, podman, ran, volume
from tests.places import ROOT

HERE = Path(__file__).parent
IMAGE = f"localhost/retail-inventory:{TAG}"


@pytest.fixture(scope="session", autouse=True)
def image() -> str:
    built("product")
    return IMAGE


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, image: str) -> Path:
    """A volume with data, a trained workspace and a plan, all made inside."""
    folder = tmp_path_factory.mktemp("shop")
    os.chown(folder, 1000, 1000)
    at, there = ("--data=/shop/data", "--workspace=/shop/workspace"), volume(folder, "/shop")
    ran(image, "sample-data", "/shop/data", options=there)
    ran(image, "run", *at, options=there, timeout=1800)
    ran(image, "plan", *at, options=there, timeout=600)
    return folder


def test_this_machine_passes_the_doctor_inside(image: str) -> None:
    assert "fail" not in ran(image, "doctor", "--workspace=/tmp/workspace")


def test_whoever_looks_around_is_nobody_and_finds_no_compiler(image: str) -> None:
    look = "id -u; for name in cc gcc g++ c++ clang make pip pip3 uv apt-get; do command -v $name; done; :"
    # apt belongs to Debian's base, and can do nothing without root.
    assert ran(image, "-c", look, options=entry("sh")).split() == ["1000", "/usr/bin/apt-get"]


def test_nothing_can_be_written_outside_of_what_is_mounted(image: str) -> None:
    said = ran(image, "-c", "touch /opt/x /etc/x /var/tmp/x 2>&1; :", options=entry("sh"))
    assert said.count("Read-only file system") == 3


def test_the_image_says_what_it_is() -> None:
    (found,) = json.loads(podman("image", "inspect", IMAGE).stdout)
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    labels = found["Labels"]
    assert labels["org.opencontainers.image.revision"] == revision
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert found["User"] == "1000:1000"
    assert not any("PIP" in one or "CERT" in one for one in found["Config"]["Env"])


def test_its_contents_are_listed() -> None:
    if not (ROOT / ".venv-deploy" / "bin" / "syft").exists():
        pytest.skip("syft is not installed; make deploy-setup installs it")
    listed = json.loads((ROOT / ".cache" / "images" / "product.cdx.json").read_text())
    assert listed["bomFormat"] == "CycloneDX"
    urls = {part["purl"].partition("?")[0] for part in listed["components"] if "purl" in part}
    inside = json.loads(ran(IMAGE, "-", options=entry("python"), given=(HERE / "installed.py").read_text()))
    # As packages of Python are compared: PEP 503.
    missing = {
        f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}" for name, version in inside
    } - urls
    assert len(inside) > 150 and missing == set()
    packages = ran(IMAGE, "-W", "-f", "${Package}@${Version}\\n", options=entry("dpkg-query")).split()
    debian = {url for url in urls if url.startswith("pkg:deb/debian/")}
    assert len(debian) == len(packages)


def test_a_pair_is_trained_and_plans_with_a_read_only_root_and_no_network(shop: Path) -> None:
    workspace = shop / "workspace"
    pair = json.loads((workspace / "serving" / "pair.json").read_text())
    assert pair["stable"]
    assert {path.stat().st_uid for path in workspace.rglob("*")} == {1000}
    assert any((workspace / "plans").rglob("*.csv"))


@pytest.fixture
def serving(shop: Path) -> Iterator[str]:
    """A container that serves the pair from a volume that it may only read."""
    token = shop / "token"
    token.write_text("a-token-for-this-test\n")
    os.chown(token, 1000, 1000)
    token.chmod(0o400)
    made = podman(
        "run", "--detach", *LOCKED_DOWN, *volume(shop, "/shop:ro"), IMAGE,
        "serve", "--workspace=/shop/workspace", "--host=0.0.0.0", "--token-file=/shop/token",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    name = made.stdout.strip()
    yield name
    podman("rm", "--force", name)


def asked(name: str, path: str, headers: Sequence[str] = ()) -> str:
    """Status and body, asked from inside, since it has no network."""
    script = (HERE / "ask.py").read_text()
    return podman(
        "exec", "--interactive", name, "python", "-", path, *headers, timeout=150, given=script
    ).stdout


def test_it_serves_from_a_read_only_volume_and_is_found_healthy(shop: Path, serving: str) -> None:
    pair = json.loads((shop / "workspace" / "serving" / "pair.json").read_text())
    ready = asked(serving, "/readyz")
    assert ready.startswith("200") and str(pair["stable"]) in ready
    assert asked(serving, "/v1/models/demand_forecasting").startswith("401")
    with_token = asked(
        serving, "/v1/models/demand_forecasting", ["Authorization: Bearer a-token-for-this-test"]
    )
    assert with_token.startswith("200")
    assert podman("exec", serving, "healthy").returncode == 0
    podman("stop", "--time=40", serving)
    (state,) = json.loads(podman("inspect", serving).stdout)
    assert state["State"]["ExitCode"] == 0
