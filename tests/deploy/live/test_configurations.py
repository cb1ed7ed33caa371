"""Configurations and rules as Prometheus' own tools read them, and what the rules promise."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.live.configurations import RULES, alertmanager, prometheus
from tests.deploy.live.programs import DEPLOY, program
from tests.places import ROOT

TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))
ALERTS = [
    rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def said(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_its_configuration_and_its_rules(tmp_path: Path) -> None:
    said(program("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    said(program("promtool"), "check", "config", prometheus(tmp_path / "made", {"serving": 1}))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    assert "SUCCESS" in said(program("promtool"), "test", "rules", file)


def test_a_wrong_bound_fails_its_test(tmp_path: Path) -> None:
    """The tests of the rules can fail."""
    (tmp_path / "retail.yml").write_text(RULES.read_text().replace("ratio < 0.1", "ratio < 0.001"))
    text = (TESTS[0].parent / "machine.yml").read_text()
    (tmp_path / "machine.yml").write_text(re.sub(r"rule_files: \[.*\]", "rule_files: [retail.yml]", text))
    done = subprocess.run(
        [program("promtool"), "test", "rules", tmp_path / "machine.yml"], capture_output=True
    )
    assert done.returncode == 1


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_severity_and_a_heading_in_the_runbooks(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning")
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "runbooks.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    base, anchor = alert["annotations"]["runbook_url"].split("#")
    assert base == "{{ $externalLabels.runbooks }}" and anchor in anchors
    assert alert["annotations"]["summary"] and alert["annotations"]["description"]


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=warning", "alertname=RetailPairOld"], "owners"),
        (["severity=critical", "alertname=RetailNoPlan"], "owners-at-once"),
        (["alertname=SomethingElse"], "owners"),
    ],
)
def test_alertmanager_routes_by_severity(tmp_path: Path, labels: list[str], receiver: str) -> None:
    file = alertmanager(tmp_path, "http://127.0.0.1:1/hook")
    said(program("amtool"), "check-config", file)
    found = said(program("amtool"), "config", "routes", "test", f"--config.file={file}", *labels)
    assert found.strip() == receiver
    assert file.stat().st_mode & 0o77 == 0
