"""What ``make secrets`` would find: planted passwords, tokens and keys; and that what it bears was looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.kubernetes.chart import called, tool
from tests.places import ROOT

BASELINE = ROOT / ".secrets.baseline"
# Put together here, so that the scan of this file finds none.
PLANTED = [
    "database_pass" + "word: 'kX9w-correct-horse'",
    "url = 'postgresql://retail:" + "kX9wcorrecthorse@db.example.com/retail'",
    "aws = '" + "AKIA" + "QYLPMN5HHHFPZAM2'",
    "-----BEGIN " + "PRIVATE KEY-----",
    "token = '" + "glpat-" + "kX9wkX9wkX9wkX9wkX9w'",
]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_secret_is_found(tmp_path: Path, line: str) -> None:
    planted = tmp_path / "settings.yaml"
    planted.write_text(f"{line}\n")
    done = called(tool("detect-secrets-hook"), "--baseline", str(BASELINE), str(planted))
    assert done.returncode == 1 and "settings.yaml:1" in done.stdout, done.stdout


def test_what_is_borne_was_looked_at_and_is_still_there() -> None:
    results = json.loads(BASELINE.read_text())["results"]
    for name, found in results.items():
        assert (ROOT / name).exists(), name
        assert all(one["is_secret"] is False for one in found), name
