"""An alert as its owners read it in their mailbox: a real Alertmanager, and a real mail server that wants TLS."""

from __future__ import annotations

import mailbox
import re
import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import yaml

from tests.deploy.live.configurations import ADDRESSES, RULES, alertmanager
from tests.deploy.live.programs import free_port, program, running, until

ALERT = next(
    rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
    if rule.get("alert") == "RetailPlanningRefused"
)
RUNBOOK = "https://retail.example/runbooks.md#planning-refused"


@dataclass
class Office:
    """Alertmanager, and the mailbox of those who are told."""

    alertmanager: str
    mails: mailbox.Maildir

    def received(self, subject: str) -> EmailMessage:
        def found() -> EmailMessage | None:
            read = (
                message_from_bytes(self.mails.get_bytes(key), policy=policy.default)
                for key in self.mails.keys()  # noqa: SIM118
            )
            return next((mail for mail in read if mail["Subject"] == subject), None)

        return until(found, f"a mail {subject!r}")

    def tell(self, *more: str) -> None:
        """As Prometheus does when the rule's condition holds."""
        annotations = {**ALERT["annotations"], "runbook_url": RUNBOOK}
        command = [program("amtool"), "alert", "add", ALERT["alert"]]
        command += [f"{name}={value}" for name, value in ALERT["labels"].items()]
        command += [f"--annotation={name}={value}" for name, value in annotations.items()]
        subprocess.run([*command, f"--alertmanager.url={self.alertmanager}", *more], check=True)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of the mail server at 127.0.0.1, signed by itself, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-out", made, "-keyout", key], check=True, capture_output=True)
    return made, key


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    smtp, port = free_port(), free_port()
    trusted, key = certificate(folder)
    server = [program("aiosmtpd"), "--nosetuid", "--listen", f"127.0.0.1:{smtp}"]
    server += ["--tlscert", str(trusted), "--tlskey", str(key)]
    server += ["--class", "aiosmtpd.handlers.Mailbox", str(folder / "mails")]
    file = alertmanager(folder, "http://127.0.0.1:1/hook", f"127.0.0.1:{smtp}")
    file.write_text(re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", file.read_text()))
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'storage'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    address = f"http://127.0.0.1:{port}"

    def answers() -> object:
        with smtplib.SMTP("127.0.0.1", smtp) as client:
            return client.noop()

    with (
        running(server, folder / "server.log", answers),
        running(command, folder / "log", f"{address}/-/ready", {"SSL_CERT_FILE": str(trusted)}),
    ):
        yield Office(address, mailbox.Maildir(folder / "mails"))


def test_a_mail_says_what_is_wrong_what_to_do_and_when_it_is_over(office: Office) -> None:
    office.tell()
    summary, description = ALERT["annotations"]["summary"], ALERT["annotations"]["description"]
    mail = office.received(f"CRITICAL: {summary}")
    assert (mail["From"], mail["To"]) == (ADDRESSES["RETAIL_MAIL_FROM"], ADDRESSES["RETAIL_ALERT_MAIL"])
    assert mail.get_body(("html",)) is None
    body = mail.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert re.fullmatch(rf"Since \d{{4}}-\d\d-\d\d \d\d:\d\d UTC: {summary}\.", lines[0])
    assert lines[1:4] == [description, f"What to do: {RUNBOOK}", "Alert: RetailPlanningRefused, critical"]

    office.tell("--end=2026-01-01T00:00:00Z", "--start=2025-12-31T00:00:00Z")
    over = office.received(f"Over: {summary}").get_body(("plain",))
    assert over is not None and over.get_content().startswith("Over, since ")
