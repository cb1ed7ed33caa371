"""What all settings have in common."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

_HERE = ("127.0.0.1", "localhost", "::1")


class Options(BaseModel):
    """Settings that are checked where they enter; the text below each is its description, in the documentation too."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def server_address(address: str | None, such_as: str, no_secrets: str, why_encrypted: str) -> str | None:
    """A server's address without the last slash, for a validator: http:// on this machine alone, never with a password.

    Args:
        address: as it was given; None: none was.
        such_as: what one looks like, a sentence.
        no_secrets: what to say where a user or password is in it.
        why_encrypted: what to say where http:// leaves this machine.

    Raises:
        ValueError: it is none, and why not.
    """
    if address is None:
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ValueError(such_as)
    if parts.username is not None or parts.password is not None:
        raise ValueError(no_secrets)
    if parts.scheme == "http" and host not in _HERE:
        raise ValueError(why_encrypted)
    return address.rstrip("/")
