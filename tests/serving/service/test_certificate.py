"""TLS over real sockets: who is answered and who is not, and certificates that are exchanged meanwhile."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import httpx
import pytest

from serving.directory.layout import ServingError
from serving.service.app import build_app
from serving.service.certificate import Certificate, expiry_of
from serving.service.holder import Holder
from tests.serving.service.certificates import DAY, Authority
from tests.serving.service.listening import listening


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.made("our authority")


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and service.example, and its key."""
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    authority.issue(certificate, key, "127.0.0.1", "service.example")
    return certificate, key


@pytest.fixture
def port(files: tuple[Path, Path], tmp_path: Path) -> Iterator[int]:
    certificate = Certificate(*files)
    app = build_app(Holder(tmp_path / "empty"), poll_seconds=0.02, certificate=certificate)
    with listening(app, certificate) as found:
        yield found


def trusting(authority: Authority, folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.write(folder / "ca.crt")))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def shown(port: int, context: ssl.SSLContext, name: str = "127.0.0.1") -> ssl.SSLSocket:
    """A connection after its handshake."""
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=name)


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_with_the_right_authority_and_name_it_answers(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    context = trusting(authority, tmp_path)
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
    for name in ("127.0.0.1", "service.example"):
        with shown(port, context, name) as connection:
            assert connection.version() == "TLSv1.3"


def test_another_authority_another_name_and_plain_text_are_refused(
    port: int, authority: Authority, tmp_path: Path
) -> None:
    stranger = trusting(Authority.made("another authority"), tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shown(port, stranger)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"certificate is not valid for 'wrong\.example'"):
        shown(port, trusting(authority, tmp_path), "wrong.example")
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.parametrize(
    ("newest", "answered"),
    [
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
def test_tls_is_1_2_or_newer(
    port: int, authority: Authority, tmp_path: Path, newest: ssl.TLSVersion, answered: bool
) -> None:
    context = trusting(authority, tmp_path)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    if answered:
        with shown(port, context) as connection:
            assert connection.version() == newest.name.replace("_", ".")
    else:
        with pytest.raises(ssl.SSLError):
            shown(port, context)


@pytest.mark.parametrize("of_rsa", [False, True])
def test_a_renewed_certificate_is_taken_up_and_open_connections_go_on(
    port: int, authority: Authority, files: tuple[Path, Path], tmp_path: Path, of_rsa: bool
) -> None:
    context = trusting(authority, tmp_path)

    def serial() -> object:
        with shown(port, context) as connection:
            return (connection.getpeercert() or {})["serialNumber"]

    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context) as client:
        assert client.get("/healthz").status_code == 200
        before = serial()
        # With another kind of key too: nothing of the old one is left.
        authority.issue(*files, "127.0.0.1", ends=60 * DAY, of_rsa=of_rsa)
        until(lambda: serial() != before)
        assert client.get("/healthz").status_code == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            shown(port, context, "service.example")
        named = 'retail_inventory_certificate_expiry_timestamp_seconds{file="certificate"} '
        (line,) = (line for line in client.get("/metrics").text.splitlines() if line.startswith(named))
        left = float(line.removeprefix(named)) - time.time()
        assert left == pytest.approx(60 * 86400, abs=60)


def test_a_renewal_that_is_half_done_or_wrong_changes_nothing_and_is_told(
    port: int, authority: Authority, files: tuple[Path, Path], tmp_path: Path
) -> None:
    context, (certificate, key) = trusting(authority, tmp_path), files
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context) as client:

        def failed(wanted: int) -> bool:
            shown(port, context, "service.example").close()
            return (
                f'retail_inventory_file_failed{{file="certificate"}} {wanted}.0'
                in client.get("/metrics").text
            )

        until(lambda: failed(0))
        good = certificate.read_bytes(), key.read_bytes()
        # The certificate is there before its key; then one that is over already; then none.
        authority.issue(certificate, tmp_path / "new.key", "127.0.0.1")
        until(lambda: failed(1))
        certificate.write_bytes(good[0])
        until(lambda: failed(0))
        authority.issue(certificate, key, "127.0.0.1", begins=-2 * DAY, ends=-DAY)
        until(lambda: failed(1))
        certificate.unlink()
        until(lambda: failed(1))
        certificate.write_bytes(good[0])
        key.write_bytes(good[1])
        until(lambda: failed(0))


def test_what_cannot_be_used_is_one_line_that_says_why(
    authority: Authority, files: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, key = files
    other, locked, text = tmp_path / "other.key", tmp_path / "locked.key", tmp_path / "text"
    past, past_key = tmp_path / "past.crt", tmp_path / "past.key"
    coming, coming_key = tmp_path / "coming.crt", tmp_path / "coming.key"
    sealed = tmp_path / "sealed.crt"
    authority.issue(tmp_path / "other.crt", other, "127.0.0.1")
    authority.issue(sealed, locked, "127.0.0.1", password=b"password")
    authority.issue(past, past_key, "127.0.0.1", begins=-2 * DAY, ends=-DAY)
    authority.issue(coming, coming_key, "127.0.0.1", begins=DAY)
    text.write_text("no certificate")
    for first, second, message in (
        (certificate, other, rf"{other}: is not the key of the certificate {certificate}"),
        (certificate, tmp_path / "none", r"none: cannot be read as a key \(No such file"),
        (tmp_path / "none", key, r"none: cannot be read as a certificate \(No such file"),
        (text, key, "text: holds no certificate in PEM form"),
        (key, key, "holds no certificate in PEM form"),
        (certificate, text, "text: cannot be used as the key of .* in PEM form"),
        (certificate, certificate, "cannot be used as the key"),
        (sealed, locked, "cannot be used as the key of .* without a password"),
        (past, past_key, "past.crt: counts from .* UTC, and now it is .*; renew it"),
        (coming, coming_key, "coming.crt: counts from"),
    ):
        with pytest.raises(ServingError, match=message) as caught:
            Certificate(first, second)
        assert "\n" not in str(caught.value)


def test_the_last_moment_is_read_of_the_first_certificate(
    authority: Authority, files: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, _ = files
    whole = tmp_path / "chain.crt"
    whole.write_bytes(certificate.read_bytes() + authority.write(tmp_path / "ca.crt").read_bytes())
    left = expiry_of(whole) - datetime.now(timezone.utc)
    assert left.total_seconds() == pytest.approx(30 * 86400, abs=60)
