"""The service's certificate: TLS 1.2 or newer, exchanged without a restart when its files are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from cryptography import x509

from contracts.errors import cannot
from serving.directory.layout import ServingError
from serving.service.watched import Watched


@dataclass(frozen=True)
class Loaded:
    """A certificate with its key, ready for handshakes, and its last moment."""

    context: ssl.SSLContext
    expires: datetime


class Certificate(Watched[Loaded]):
    """A certificate and its key, by the files that they are in."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Args: certificate: PEM, its own first, then those up to the authority; key: PEM, without a password.

        Raises:
            ServingError: they cannot be used.
        """
        super().__init__([certificate, key], partial(_load, certificate, key), "the certificate")
        self.context = self.content.context
        """For a server; each handshake is made with the newest certificate."""
        # A context that is loaded anew would keep an old certificate beside one of another kind of key.
        self.context.sni_callback = self._newest

    def _newest(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self.content.context


def expiry_of(certificate: Path) -> datetime:
    """The last moment of the first certificate in a file, UTC.

    Raises:
        ServingError: it cannot be read.
    """
    return _first(certificate).not_valid_after_utc


def _first(certificate: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except OSError as error:
        raise cannot(
            error, f"{certificate}: cannot be read as a certificate", "give an existing file", ServingError
        ) from error
    except ValueError:
        raise ServingError(f"{certificate}: holds no certificate in PEM form; give one that does") from None


def _load(certificate: Path, key: Path) -> Loaded:
    first, now = _first(certificate), datetime.now(timezone.utc)
    if not first.not_valid_before_utc <= now <= first.not_valid_after_utc:
        raise ServingError(
            f"{certificate}: counts from {first.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{first.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and now it is {now:%Y-%m-%d %H:%M}; renew it"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password given OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ServingError(f"{key}: is not the key of the certificate {certificate}") from None
        raise ServingError(
            f"{key}: cannot be used as the key of {certificate} ({error.reason or error}); give its key in PEM form, "
            "without a password"
        ) from None
    except OSError as error:
        raise cannot(
            error,
            f"{key}: cannot be read as a key",
            "give an existing file that this account may read",
            ServingError,
        ) from error
    return Loaded(context, first.not_valid_after_utc)
