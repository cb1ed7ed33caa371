"""Changes of a file of tokens: one more, one less; a service that reads it takes them up without a restart."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path

from contracts.durable import replacing
from contracts.errors import cannot
from serving.directory.layout import ServingError
from serving.service.tokens import PER_NAME, Scope, Token, digest_of, parse_tokens, shown, to_text

_PREFIX = "rit_"
"""So that a search for secrets knows one where it should not be."""
_BYTES = 32
_MODE = 0o600


def create(
    file: Path, name: str, scopes: Sequence[Scope], by: str, now: datetime, expires: datetime | None = None
) -> tuple[str, Token, tuple[Token, ...]]:
    """Adds a token to a file, which need not be there; those of the name that are over make room for it.

    Args:
        file: of tokens.
        name: whose it is; has no more than one yet that counts.
        scopes: what it is for.
        by: who makes it.
        now: with its time zone.
        expires: from when on it does not count any more, with its time zone; None: it counts until it is revoked.

    Returns:
        The token itself, which is kept nowhere, what is kept of it, and those that were over and were taken out.

    Raises:
        ServingError: the name has two already, the token would never count, or the file cannot be used.
    """
    if expires is not None and expires <= now:
        raise ServingError(f"a token that expires on {shown(expires)} would never count; give a later date")
    text = _PREFIX + secrets.token_urlsafe(_BYTES)
    made = Token(
        name=name,
        scopes=tuple(dict.fromkeys(scopes)),
        sha256=digest_of(text.encode()),
        created_at=now,
        created_by=by,
        expires_at=expires,
    )
    gone: list[Token] = []

    def with_one_more(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        gone.extend(token for token in tokens if token.name == name and token.is_over(now))
        same = [token.number for token in tokens if token.name == name and token not in gone]
        if len(same) >= PER_NAME:
            raise ServingError(
                f"{file}: {name} has {PER_NAME} tokens already, {' and '.join(same)}; revoke one of them first"
            )
        return (*(token for token in tokens if token not in gone), made)

    _change(file, with_one_more)
    return text, made, tuple(gone)


def revoke(file: Path, name: str, number: str | None = None, every: bool = False) -> tuple[Token, ...]:
    """Takes tokens of a name out of a file.

    Args:
        file: of tokens.
        number: which one of them; needless where there is one alone.
        every: all of them.

    Returns:
        Those that were taken out.

    Raises:
        ServingError: there is no such token, it is not clear which one is meant, or the file cannot be used.
    """
    gone: list[Token] = []

    def without(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        same = [token for token in tokens if token.name == name and number in (None, token.number)]
        if not same:
            there = ", ".join(f"{token.name} {token.number}" for token in tokens) or "none"
            raise ServingError(
                f"{file}: has no token {name}{f' {number}' if number else ''}; there are: {there}"
            )
        if len(same) > 1 and not every:
            numbers = " or ".join(token.number for token in same)
            raise ServingError(
                f"{file}: {name} has {len(same)} tokens; say which with --id {numbers}, or --all"
            )
        gone.extend(same)
        return tuple(token for token in tokens if token not in same)

    _change(file, without)
    return tuple(gone)


def read(file: Path) -> tuple[Token, ...]:
    """The tokens of a file of hashes.

    Raises:
        ServingError: it cannot be read, or is another file.
    """
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        failed = error if isinstance(error, OSError) else OSError("is no text in plain ASCII")
        raise cannot(
            failed, f"{file}: cannot be read as tokens", "'token create' makes one", ServingError
        ) from error
    if text.strip() and not text.lstrip().startswith("{"):
        raise ServingError(
            f"{file}: holds one token in plain text, which has no name; give a new file to 'token create', and have "
            "the service read that"
        )
    return parse_tokens(text, file) if text.strip() else ()


def _change(file: Path, change: Callable[[tuple[Token, ...]], tuple[Token, ...]]) -> None:
    try:
        with _alone(file.parent):
            tokens = read(file) if file.exists() else ()
            following = to_text(change(tokens))
            with replacing(file) as temporary:
                temporary.touch(_MODE, exist_ok=False)
                temporary.write_text(following)
                if file.exists():
                    _keep_rights(file, temporary)
    except OSError as error:
        raise cannot(
            error, f"{file}: cannot be written", "see to its rights, or give another path", ServingError
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds a folder against others who change a file in it; the file itself is exchanged, and cannot be held."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(number, LOCK_EX)
        yield
    finally:
        os.close(number)


def _keep_rights(file: Path, temporary: Path) -> None:
    """The service may be another account than whoever changes its tokens."""
    found = file.stat()
    temporary.chmod(stat.S_IMODE(found.st_mode))
    with suppress(PermissionError):
        os.chown(temporary, found.st_uid, found.st_gid)
