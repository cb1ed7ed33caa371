"""An MLflow server that is down, slow, closed, or none at all: one line with what to do."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from contracts.errors import Failure, SystemFault, UserError
from pipeline.registry.server import Credentials, Server
from pipeline.registry_options import RegistryOptions

SECRET = "päss:word-1"


@contextmanager
def answering(
    status: int, body: str, tls: tuple[Path, Path] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike; its address, and what it was asked with.

    Args:
        tls: files of its certificate and key; None: it speaks plain HTTP.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Location", "/login")
            self.end_headers()
            self.wfile.write(body.encode())

        do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def server_at(address: str, patience: float | None = None, **options: object) -> Server:
    made = RegistryOptions.model_validate({"mlflow": address, "timeout": 0.5, **options})
    return Server(made, Credentials("me", SECRET), patience)


def failure(address: str, **options: object) -> Failure:
    with pytest.raises(Failure) as caught:
        server_at(address, **options).get("runs/get")  # type: ignore[arg-type]
    said = str(caught.value)
    assert "\n" not in said and SECRET not in said and said.startswith(address)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, "no", UserError, "refuses the user or the password; set MLFLOW_TRACKING_USERNAME"),
        (403, "no", UserError, "may not GET get; have its administrator permit"),
        (404, "<html>", UserError, "is no MLflow server"),
        (200, "<html>", UserError, "is no MLflow server"),
        (200, "[]", UserError, "is no MLflow server"),
        (302, "", UserError, "is no MLflow server (it answers 302)"),
        (500, "<html>", SystemFault, "failed (500"),
        (503, json.dumps({"error_code": "X", "message": "too\nbusy"}), SystemFault, "too busy"),
        (400, json.dumps({"error_code": "X", "message": "bad name"}), UserError, "(bad name)"),
    ],
)
def test_what_is_answered_is_told(status: int, body: str, kind: type[Failure], said: str) -> None:
    with answering(status, body) as (address, _):
        error = failure(address)
    assert type(error) is kind and said in str(error)


def test_what_is_not_there_may_miss() -> None:
    body = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"})
    with answering(404, body) as (address, _):
        assert server_at(address).find("experiments/get-by-name") is None
        assert "(no)" in str(failure(address))


def test_whoever_asks_is_named_in_utf8() -> None:
    with answering(200, "{}") as (address, asked):
        server_at(address).get("x")
        Server(RegistryOptions(mlflow=address), Credentials(token="t" * 9)).get("x")
        Server(RegistryOptions(mlflow=address), Credentials()).get("x")
    assert asked == ["Basic bWU6cMOkc3M6d29yZC0x", "Bearer ttttttttt", ""]
    assert SECRET not in repr(Credentials("me", SECRET, SECRET))


def test_nobody_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert isinstance(failure(address), SystemFault)


def test_a_server_that_hangs_is_given_up() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        error = failure(f"http://127.0.0.1:{mute.getsockname()[1]}")
    assert isinstance(error, SystemFault) and "does not answer (timed out)" in str(error)


def test_all_requests_together_have_an_end() -> None:
    now = [0.0]
    with answering(200, "{}") as (address, _):
        server = Server(RegistryOptions(mlflow=address), Credentials(), 10, lambda: now[0])
        server.get("x")
        now[0] = 11
        with pytest.raises(SystemFault, match=r"longer than registry\.patience, 10 s"):
            server.get("x")


def test_an_authority_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no file; see registry\.certificate_authority"):
        server_at("https://127.0.0.1:1", certificate_authority=tmp_path / "ca.pem")


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


def test_only_a_certificate_of_the_authority_is_trusted(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path)
    no_certificate = tmp_path / "none.pem"
    no_certificate.write_text("none")
    with answering(200, "{}", tls=(certificate, key)) as (address, asked):
        assert server_at(address, certificate_authority=certificate).get("x") == {}
        for authority in (None, no_certificate):
            error = failure(address, certificate_authority=authority)
            assert isinstance(error, UserError) and "see registry.certificate_authority" in str(error)
    assert len(asked) == 1


def test_files_go_only_where_the_server_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.touch()
    with answering(200, "{}") as (address, _):
        server_at(address).upload("mlflow-artifacts:/1/r/artifacts", "empty", file)
        with pytest.raises(UserError, match="--serve-artifacts"):
            server_at(address).upload("s3://bucket/1", "empty", file)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mlflow.example.com", "an address is such as"),
        ("file:///srv/mlflow", "an address is such as"),
        ("https://", "an address is such as"),
        ("https://x:99999", "is no address"),
        ("https://x/?a=1", "an address is such as"),
        ("https://me:secret@mlflow.example.com", "user and password do not belong here"),
        ("http://mlflow.example.com", "begins with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RegistryOptions(mlflow=address)
