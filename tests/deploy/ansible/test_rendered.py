"""Units and files as they would be on a host: what systemd makes of them, and what the product does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from contracts.exit_codes import ExitCode
from pipeline.cli.app import app
from pipeline.config import load_config
from pipeline.operations.ports import SERVING
from tests.deploy.ansible.playbooks import ANSIBLE, called
from tests.places import ROOT

HERE = Path(__file__).parent
PASSWORD = "the:owner's\\password"
EXPOSED = 30
"""Tenths of what systemd-analyze security calls exposure."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    units = folder / "units"
    units.mkdir()
    programs = folder / "opt" / "current" / "environment" / "bin"
    programs.mkdir(parents=True)
    (programs / "retail-inventory").write_text("#!/bin/sh\n")
    (programs / "retail-inventory").chmod(0o755)
    values = {
        "roles": str(ANSIBLE / "roles"), "out": str(folder / "all.json"), "product_root": str(folder / "opt"),
        "product_database_host": "db.example.com", "product_database_password": PASSWORD,
        "product_environment": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        "product_configuration": {"spans": 4, "windows": {"horizon": 21}}, "proxy_name": "shop.example.com",
        "proxy_metrics_readers": ["192.0.2.7"], "monitoring_given": f"{ROOT}/deploy/",
        "monitoring_smtp": "mail.example.com:587",
        "monitoring_mail_from": "a@example.com", "monitoring_mail_to": "b@example.com",
        "monitoring_webhook": "https://chat.example.com/hook", "monitoring_database_host": "db.example.com",
        "monitoring_database_password": "a/b@c:d",
    }  # fmt: skip
    done = called("ansible-playbook", f"--extra-vars={json.dumps(values)}", str(HERE / "rendered.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    for name, text in json.loads((folder / "all.json").read_text()).items():
        (units / name).write_text(text)
    return units


def units(out: Path) -> Iterator[Path]:
    found = [*out.glob("*.service"), *out.glob("*.timer")]
    assert len(found) == 9
    yield from sorted(found)


def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed; on Debian: apt install systemd")
    return found


def test_systemd_reads_every_unit(out: Path) -> None:
    done = subprocess.run([analyze(), "verify", *map(str, units(out))], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "retail-" in line]
    assert ours == []


def test_no_service_is_exposed(out: Path) -> None:
    services = [str(path) for path in units(out) if path.suffix == ".service"]
    command = [analyze(), "security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager"]
    for service in services:
        done = subprocess.run([*command, service], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-600:]
    open_one = out / "open.service"
    open_one.write_text("[Service]\nExecStart=/bin/true\n")
    assert subprocess.run([*command, str(open_one)], capture_output=True).returncode != 0
    open_one.unlink()


def test_each_job_is_a_command_with_options_that_it_has(out: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    lines = [
        line.removeprefix("ExecStart=").split()
        for path in units(out)
        for line in path.read_text().splitlines()
        if line.startswith("ExecStart=") and "/bin/retail-inventory " in line
    ]
    assert {line[1] for line in lines} == {"run", "actuals", "plan", "backup", "serve"}
    for _, name, *options in lines:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert {option.partition("=")[0] for option in options} <= known


def test_what_no_second_try_makes_better_is_not_tried_again(out: Path) -> None:
    (stops,) = re.findall(
        r"^RestartPreventExitStatus=(.*)$", (out / "retail-plan.service").read_text(), re.MULTILINE
    )
    assert stops.split() == [str(int(ExitCode.USAGE)), str(int(ExitCode.REFUSED))]


def test_the_proxy_asks_where_the_service_listens(out: Path) -> None:
    assert f"--port={SERVING.number} " in (out / "retail-serving.service").read_text()
    assert f"server 127.0.0.1:{SERVING.number};" in (out / "retail.conf").read_text()


def test_the_product_reads_its_configuration(out: Path) -> None:
    config = load_config(out / "config.yaml")
    assert (config.spans, config.windows.horizon) == (4, 21)
    assert config.store_address is not None and "sslmode=verify-full" in config.store_address
    assert "password" not in config.store_address


def test_libpq_finds_the_password_in_its_file(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Escaped as libpq wants it: split at what is no escaped colon."""
    host, port, database, owner, password = re.split(r"(?<!\\):", (out / "pgpass").read_text().rstrip("\n"))
    assert (host, port, database, owner) == ("db.example.com", "5432", "retail", "retail")
    assert re.sub(r"\\(.)", r"\1", password) == PASSWORD


def test_prometheus_asks_what_it_is_made_to_ask_by_tls_across_hosts(out: Path) -> None:
    given = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    made = yaml.safe_load((out / "prometheus.yml").read_text())
    schemes = {job["job_name"]: job.get("scheme", "http") for job in made["scrape_configs"]}
    assert list(schemes) == [job["job_name"] for job in given["scrape_configs"]]
    assert {name for name, scheme in schemes.items() if scheme == "https"} == {"retail-serving", "node"}
    assert made["rule_files"] == given["rule_files"] and made["alerting"] == given["alerting"]


def test_every_address_of_alerts_and_store_is_filled_in(out: Path) -> None:
    for name, given in {"alertmanager.yml": "alertmanager", "sql_exporter.yml": "prometheus"}.items():
        text = (out / name).read_text()
        read = yaml.safe_load(text)
        assert "${" not in text
        assert set(read) == set(yaml.safe_load((ROOT / "deploy" / given / f"{name}.in").read_text()))
    (address,) = yaml.safe_load((out / "sql_exporter.yml").read_text())["jobs"][0]["connections"]
    parts = urllib.parse.urlsplit(address)
    assert urllib.parse.unquote(parts.password or "") == "a/b@c:d"
    assert urllib.parse.parse_qs(parts.query)["sslmode"] == ["verify-full"]


def test_no_secret_is_in_what_others_may_read(out: Path) -> None:
    for path in [*units(out), out / "config.yaml", out / "retail-inventory.sh", out / "retail.conf"]:
        assert PASSWORD not in path.read_text()


def test_the_administrators_command_is_what_a_plain_shell_reads(out: Path) -> None:
    path = out / "retail-inventory.sh"
    assert subprocess.run(["sh", "-n", str(path)]).returncode == 0
    hardening = {
        line for line in (out / "retail-plan.service").read_text().splitlines()
        if line.startswith(("Protect", "Private", "Restrict", "SystemCall", "Capability"))
    }  # fmt: skip
    assert len(hardening) > 15
    assert all(f"--property='{line}'" in path.read_text() for line in hardening)
