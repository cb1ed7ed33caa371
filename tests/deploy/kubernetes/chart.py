"""The chart as Helm renders it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.places import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
CHART = KUBERNETES / "retail-inventory"
TOOLS = ROOT / ".cache" / "deploy"
"""Where scripts/deploy_tools.sh puts programs."""
VENV = ROOT / ".venv-deploy" / "bin"
VALUES = {
    **{path.stem: path for path in sorted((KUBERNETES / "stages").glob("*.yaml"))},
    **{name: Path(__file__).with_name(f"{name}.yaml") for name in ("everything", "following")},
}
"""By name, files of values that render."""

Manifest = dict[str, Any]


def helm() -> str:
    """Helm's path; skips where it is not there."""
    found = shutil.which("helm", path=str(TOOLS)) or shutil.which("helm")
    if found is None:
        pytest.skip("helm is not installed; scripts/deploy_tools.sh helm installs it")
    return found


def tool(name: str) -> str:
    """The path of a program of deploy/requirements.lock; skips where it is not there."""
    if not (VENV / name).exists():
        pytest.skip(f"{name} is not installed; make deploy-setup installs it")
    return str(VENV / name)


def called(*command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, input=given, timeout=120)


def rendered(values: Path, settings: Sequence[str] = ()) -> str:
    """The manifests as text.

    Args:
        values: a file of them.
        settings: single ones, such as image.tag=2.
    """
    more = [part for setting in settings for part in ("--set", setting)]
    done = called(
        helm(), "template", "shop", str(CHART), "--namespace", "retail", "--values", str(values), *more
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests(text: str) -> list[Manifest]:
    return [found for found in yaml.safe_load_all(text) if found]


def pod_templates(found: Sequence[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Kind and name of each that makes pods, and the pods' template."""
    for manifest in found:
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if manifest["kind"] == "Deployment":
            yield name, manifest["spec"]["template"]
        elif manifest["kind"] == "CronJob":
            yield name, manifest["spec"]["jobTemplate"]["spec"]["template"]
