"""deploy/scripts/release.sh, asked wrongly; tests/deploy/cluster has it asked rightly."""

from __future__ import annotations

import subprocess

import pytest

from tests.places import ROOT

IMAGE = "registry.example.com/retail-inventory@sha256:" + "1" * 64


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "release.sh deploy STAGE"),
        (("renew", "staging"), "release.sh deploy STAGE"),
        (("deploy", "nowhere", IMAGE), "nowhere: is no file"),
        (("deploy", "staging"), "no image: give it by its digest"),
        (("deploy", "staging", "registry.example.com/retail-inventory:1"), "a tag may move"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_asked(arguments: tuple[str, ...], said: str) -> None:
    script = ROOT / "deploy" / "scripts" / "release.sh"
    environment = {"PATH": "/usr/bin:/bin", "HELM": "true"}
    done = subprocess.run(["sh", str(script), *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr


def test_without_helm_it_says_how_to_get_it() -> None:
    script = ROOT / "deploy" / "scripts" / "release.sh"
    environment = {"PATH": "/usr/bin:/bin", "HELM": "no-such-program"}
    command = ["sh", str(script), "deploy", "staging", IMAGE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "helm is not installed" in done.stderr
