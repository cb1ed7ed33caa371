"""Who may call: the right token, with the right scope; and who has been wrong too often may not for a while."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from serving.service.guesses import Guesses, peer_of
from serving.service.tokens import Scope, Token, digest_of, found, read_tokens, shown
from serving.service.watched import Watched

LOG = logging.getLogger(__name__)
_SCHEME = b"bearer "
_LANE = 4
"""Hexadecimal digits of a digest that part the guesses of a peer."""


@dataclass(frozen=True)
class Refusal:
    """Why a call is not answered.

    Attributes:
        status: of HTTP.
        message: what to do.
        headers: besides.
    """

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


class Guard(Watched[tuple[Token, ...]]):
    """Judges calls by the tokens of a file, which is read anew when it changes."""

    def __init__(
        self,
        file: Path,
        guesses: Guesses | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Args: file: of tokens; now: the time, with its zone.

        Raises:
            ServingError: it cannot be used.
        """
        super().__init__([file], partial(read_tokens, file), "the tokens")
        self._guesses = guesses or Guesses()
        self._now = now
        self._told: set[str] = set()
        """Tokens that were sent after their end, each of which is told once."""

    def refuses(self, authorization: bytes, host: str, scope: Scope) -> Refusal | None:
        """Why a call may not be made; None: it may.

        Guesses are counted by peer, and of a peer by the first digits of their digest where those are a token's. A
        guesser who shares an address with a caller (behind a proxy all do) uses up the guesses of other digits: to
        use up the caller's he would have to hit the same 16 bits of 256, again and again. Whatever is over the limit
        is not compared with any token, so that trying more costs time.

        Args:
            authorization: the header.
            host: address that it came from.
            scope: what it needs.
        """
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return _unknown()
        digest = digest_of(authorization[len(_SCHEME) :].strip())
        lane = (
            digest[:_LANE] if any(token.sha256.startswith(digest[:_LANE]) for token in self.content) else ""
        )
        who = f"{peer_of(host)} {lane}"
        seconds = self._guesses.wait(who)
        if seconds > 0:
            wait = math.ceil(seconds)
            return Refusal(429, f"too many wrong tokens; try again in {wait} s", {"Retry-After": str(wait)})
        token = found(self.content, digest)
        if token is None:
            self._guesses.add(who)
            if self._guesses.wait(who) > 0:
                LOG.warning("too many wrong tokens", extra={"peer": peer_of(host)})
            return _unknown()
        if token.is_over(self._now()):
            return self._over(token)
        if scope not in token.scopes:
            return Refusal(
                403, f"this token is for {' and '.join(token.scopes)}; ask for one with the scope {scope}"
            )
        return None

    def _over(self, token: Token) -> Refusal:
        """Who knows it hears that it was right once, so that it is exchanged instead of looked for."""
        assert token.expires_at is not None
        since = shown(token.expires_at)
        if token.sha256 not in self._told:
            self._told.add(token.sha256)
            LOG.warning(
                "a token that is over was sent",
                extra={"caller": token.name, "id": token.number, "since": since},
            )
        how = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="The token expired"'}
        return Refusal(401, f"this token is over since {since}; ask for another", how)


def _unknown() -> Refusal:
    return Refusal(
        401, "send the service's token: 'Authorization: Bearer TOKEN'", {"WWW-Authenticate": "Bearer"}
    )
