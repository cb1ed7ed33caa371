"""deploy/scripts/update_dashboard.sh against as much of Grafana's HTTP API as it calls."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.board_files import ALERTS, BOARDS, read
from tests.grafana.fake_grafana import TOKEN
from tests.grafana.test_layout import SDK, needs_sdk
from tests.places import ROOT

pytestmark = needs_sdk
SCRIPT = ROOT / "deploy" / "scripts" / "update_dashboard.sh"
BOARD = "/api/dashboards/uid/retail-inventory"
GROUP = "/api/v1/provisioning/folder/retail-operations/rule-groups/Retail inventory"


class Fake:
    """The running server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._line().strip()

    def held(self, command: str = "") -> dict[str, Any]:
        """What it holds, after a command of its own."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def fake() -> Iterator[Fake]:
    line = [str(SDK), "-m", "tests.grafana.fake_grafana"]
    with subprocess.Popen(
        line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Fake(process)
        process.terminate()


def call(folder: Path, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GRAFANA_TOKEN": token, "RETAIL_RUNBOOKS": "https://example.com/runbooks"}
    return subprocess.run(
        ["sh", SCRIPT, *arguments], cwd=folder, capture_output=True, text=True, env=environment
    )


def test_it_sends_everything_once_and_keeps_what_it_replaces(fake: Fake, tmp_path: Path) -> None:
    dry = call(tmp_path, "--url", fake.address, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert dry.stdout.count("would send") == len(BOARDS) + 4 and fake.held() == {}

    done = call(tmp_path, "--url", fake.address)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    held = fake.held()
    assert {f"/api/dashboards/uid/{path.stem}" for path in BOARDS} <= set(held)
    assert held[BOARD]["meta"] == {"folderUid": "retail-managers"}
    (inventory,) = [read(path) for path in BOARDS if path.stem == "retail-inventory"]
    assert held[BOARD]["dashboard"]["panels"] == inventory["panels"]
    group = held[GROUP]
    assert (group["interval"], len(group["rules"])) == (300, len(read(ALERTS)["groups"][0]["rules"]))
    assert all(
        "https://example.com/runbooks#" in rule["annotations"]["runbook_url"] for rule in group["rules"]
    )
    assert list(tmp_path.iterdir()) == []

    again = call(tmp_path, "--url", fake.address)
    assert again.returncode == 0 and "sent" not in again.stdout.replace("were as they should be", "")
    assert f"{len(BOARDS) + 4} of {len(BOARDS) + 4}" in again.stdout

    fake.held(f"change {BOARD}")
    changed = call(tmp_path, "--url", fake.address, "--backup", str(tmp_path / "kept"))
    assert "sent dashboard retail-inventory (changed)" in changed.stdout and changed.returncode == 0
    (kept,) = (tmp_path / "kept").iterdir()
    assert json.loads(kept.read_text())["dashboard"]["title"] == "changed by hand"
    assert fake.held()[BOARD]["dashboard"]["title"] == "Inventory"


def test_without_a_place_for_the_back_up_nothing_is_sent(fake: Fake, tmp_path: Path) -> None:
    assert call(tmp_path, "--url", fake.address).returncode == 0
    fake.held(f"change {BOARD}")
    (tmp_path / "file").write_text("")
    done = call(tmp_path, "--url", fake.address, "--backup", str(tmp_path / "file"))
    assert done.returncode == 1 and "file" in done.stderr and "Traceback" not in done.stderr
    assert fake.held()[BOARD]["dashboard"]["title"] == "changed by hand"


def test_what_is_wrong_is_said(fake: Fake, tmp_path: Path) -> None:
    refused = call(tmp_path, "--url", fake.address, token="another")
    assert refused.returncode == 1 and "401" in refused.stderr and "another" not in refused.stderr
    nobody = call(tmp_path, "--url", "http://127.0.0.1:1")
    assert nobody.returncode == 1 and "does not answer" in nobody.stderr
    for arguments, token in ((("--url", "nowhere"), TOKEN), ((), TOKEN), (("--url", fake.address), "")):
        done = call(tmp_path, *arguments, token=token)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    told = call(tmp_path, "--help")
    assert told.returncode == 0 and "--dry-run" in told.stdout and "--backup" in told.stdout
