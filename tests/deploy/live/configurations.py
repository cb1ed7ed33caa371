"""The configurations of deploy/, filled in as docs/observability.md says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

import yaml

from tests.deploy.live.programs import DEPLOY

RULES = DEPLOY / "prometheus" / "rules" / "retail.yml"
ADDRESSES = {
    "RETAIL_SMTP": "127.0.0.1:1",
    "RETAIL_MAIL_FROM": "retail@shop.example",
    "RETAIL_ALERT_MAIL": "owners@shop.example",
}


def filled_in(name: str, target: Path, values: Mapping[str, str]) -> Path:
    """Writes a configuration of deploy/ with its addresses, readable to its owner alone; an unknown one is an error."""
    target.touch(0o600)
    target.write_text(Template((DEPLOY / name).read_text()).substitute(values))
    return target


def alertmanager(folder: Path, webhook: str, smtp: str = ADDRESSES["RETAIL_SMTP"]) -> Path:
    values = {**ADDRESSES, "RETAIL_ALERT_WEBHOOK": webhook, "RETAIL_SMTP": smtp}
    return filled_in("alertmanager/alertmanager.yml.in", folder / "alertmanager.yml", values)


def prometheus(folder: Path, ports: Mapping[str, int]) -> Path:
    """Prometheus' configuration and rules, asked and judged each second, with nothing waited for.

    Args:
        ports: by the name of a file of targets; what is not named is not asked.
    """
    (folder / "rules").mkdir(parents=True)
    (folder / "targets").mkdir()
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    made = folder / "prometheus.yml"
    made.write_text(re.sub(r"(scrape|evaluation)_interval: \w+", r"\1_interval: 1s", text))
    (folder / "rules" / "retail.yml").write_text(re.sub(r"for: \w+", "for: 0s", RULES.read_text()))
    for file in (DEPLOY / "prometheus" / "targets").glob("*.yml"):
        port = ports.get(file.stem)
        targets = [f"127.0.0.1:{port}"] if port else []
        (folder / "targets" / file.name).write_text(yaml.safe_dump([{"targets": targets}]))
    return made
