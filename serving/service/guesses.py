"""How often one may be wrong: so many guesses at once, then one every so many seconds."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

BURST, SECONDS = 20, 5.0
"""Wrong tokens that a peer may send at once, and the seconds after which it may send one more."""
_REMEMBERED = 20_000
_SUBNET = 64
"""Bits of an IPv6 address that a provider gives to one customer, who has all addresses below."""


class Guesses:
    """Wrong guesses by who made them; each is forgotten after ``seconds``."""

    def __init__(
        self, burst: int = BURST, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: burst: at once; seconds: until one more; clock: seconds since whenever."""
        self._burst, self._seconds, self._clock = burst, seconds, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """When nothing is left of all guesses so far, the oldest that guessed first."""

    def wait(self, who: str) -> float:
        """Seconds until the next guess may be made; 0: now."""
        left = self._full_at.get(who, 0.0) - self._clock()
        return max(0.0, left - (self._burst - 1) * self._seconds)

    def add(self, who: str) -> None:
        """One more wrong guess."""
        now = self._clock()
        self._full_at[who] = max(self._full_at.get(who, now), now) + self._seconds
        self._full_at.move_to_end(who)
        while len(self._full_at) > _REMEMBERED:
            self._full_at.popitem(last=False)


def peer_of(host: str) -> str:
    """Whose guesses count together: an IPv4 address, or an IPv6 network."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _SUBNET), strict=False))
    return str(address)
