"""The token that callers from other machines must send."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from contracts.errors import cannot
from serving.directory.layout import ServingError

_LENGTH = 16


def read_token(file: Path | None, host: str) -> str | None:
    """The token in a file; None where none is needed.

    Args:
        file: holds one word.
        host: that is listened on; on any but loopback a token is needed.

    Raises:
        ServingError: it is needed and not given, or cannot be used.
    """
    if file is None:
        if not _is_loopback(host):
            raise ServingError(
                f"--host {host} can be reached from other machines: name a file with a token of at least "
                f"{_LENGTH} characters with --token-file, and have callers send 'Authorization: Bearer TOKEN'"
            )
        return None
    try:
        token = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise cannot(
            error, f"{file}: cannot be read as a token", "give an existing file", ServingError
        ) from error
    except UnicodeDecodeError as error:
        raise ServingError(
            f"{file}: cannot be read as a token ({error}); write one in plain ASCII"
        ) from error
    if len(token) < _LENGTH or any(not letter.isprintable() or letter.isspace() for letter in token):
        raise ServingError(f"{file}: a token is one word of at least {_LENGTH} characters")
    return token


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
