"""The tokens that callers must send: a file with one in plain text, or with several as hashes, each with its scopes.

A token that we made has 256 random bits: nobody finds it by trying, so SHA-256 is the right hash, and a slow one
(bcrypt, Argon2), which is for passwords that people choose, would only make every request slow.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, get_args

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from contracts.errors import cannot
from contracts.options import Options
from serving.directory.layout import ServingError

Scope = Literal["predict", "metrics"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PER_NAME = 2
"""One that callers have, and one that they are given in its place."""
_LENGTH, _DIFFERENT = 16, 8


class Token(Options):
    """A token, of which only its hash is kept."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """whose it is"""
    scopes: tuple[Scope, ...] = Field(min_length=1)
    """predict: models, their status and metadata; metrics: what Prometheus reads"""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """of the token"""
    created_at: datetime
    """when"""
    created_by: str
    """by which account"""
    expires_at: AwareDatetime | None = None
    """from when on it does not count any more; unset: it counts until it is revoked"""

    @property
    def number(self) -> str:
        """What tells it from another of the same name; of no use to a guesser."""
        return self.sha256[:8]

    def is_over(self, now: datetime) -> bool:
        """Whether it does not count any more; now: with its time zone."""
        return self.expires_at is not None and self.expires_at <= now


class TokenFile(Options):
    """What `retail-inventory token` writes."""

    tokens: tuple[Token, ...]
    """all that count"""

    @model_validator(mode="after")
    def _no_more_than_can_be_told_apart(self) -> TokenFile:
        for name, count in Counter(token.name for token in self.tokens).items():
            if count > PER_NAME:
                raise ValueError(f"{name} has {count} tokens; {PER_NAME} at most count at a time")
        if len({token.sha256 for token in self.tokens}) < len(self.tokens):
            raise ValueError("a token stands there twice")
        return self


def shown(moment: datetime) -> str:
    """A token's end as people read it."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def digest_of(token: bytes) -> str:
    """SHA-256 of a token, hexadecimal."""
    return hashlib.sha256(token).hexdigest()


def found(tokens: Sequence[Token], digest: str) -> Token | None:
    """The token with this digest; takes as long for a wrong one as for a right one."""
    match = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, digest):
            match = token
    return match


def read_tokens(file: Path) -> tuple[Token, ...]:
    """The tokens of a file; of one in plain text a single one, which may do everything.

    Raises:
        ServingError: it cannot be used, or what is in it was chosen by hand and is easily guessed.
    """
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise cannot(
            error, f"{file}: cannot be read as a token", "give an existing file", ServingError
        ) from error
    except UnicodeDecodeError as error:
        raise ServingError(
            f"{file}: cannot be read as a token ({error}); write one in plain ASCII"
        ) from error
    if text.startswith("{"):
        return parse_tokens(text, file)
    odd = any(not letter.isprintable() or letter.isspace() for letter in text)
    if odd or len(text) < _LENGTH or len(set(text)) < _DIFFERENT:
        raise ServingError(
            f"{file}: a token is one word of at least {_LENGTH} characters, {_DIFFERENT} of them different; "
            "'retail-inventory token create' makes one"
        )
    written = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    return (
        Token(
            name="token", scopes=SCOPES, sha256=digest_of(text.encode()), created_at=written, created_by=""
        ),
    )


def parse_tokens(text: str, file: Path) -> tuple[Token, ...]:
    """The tokens of a file that `retail-inventory token` wrote.

    Args:
        file: where the text is from, for an error's message.

    Raises:
        ServingError: it is damaged; says what is wrong, and no hash.
    """
    try:
        return TokenFile.model_validate_json(text).tokens
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ServingError(
            f"{file}: is no file of tokens ({f'{where}: ' if where else ''}{first['msg']}); make one with "
            "'retail-inventory token create'"
        ) from None


def require_for(host: str, file: Path | None) -> None:
    """See that callers must send a token on any address but loopback.

    Raises:
        ServingError: no file is given.
    """
    if file is None and not _is_loopback(host):
        raise ServingError(
            f"--host {host} can be reached from other machines: name a file of tokens with --token-file "
            "('retail-inventory token create' makes one), and have callers send 'Authorization: Bearer TOKEN'"
        )


def to_text(tokens: Sequence[Token]) -> str:
    """The content of a file of tokens; a release that knows no expiry reads it as long as no token has one."""
    return (
        json.dumps(TokenFile(tokens=tuple(tokens)).model_dump(mode="json", exclude_none=True), indent=1)
        + "\n"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
