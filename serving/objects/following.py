"""A serving directory that follows a store: looked at again and again, whatever becomes of the store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import Failure
from serving.directory.layout import State
from serving.objects.pulling import pull
from serving.objects.store import ObjectStore

LOG = logging.getLogger("retail_inventory.serving")
_LONGEST_PAUSE = 60.0
_PATIENCE = 2.0
"""Seconds that the end of a service waits for a look to end."""


class Follower:
    """Pulls what a store shows, and goes on with what there is where it cannot."""

    def __init__(self, root: Path, store: ObjectStore) -> None:
        """Args: root: the serving directory that follows; store: which store."""
        self._root, self._store = root, store
        self._tag = ""
        self._failures = 0
        self.looked = False
        """Whether it has looked yet, however that ended."""
        self.failure = ""
        """Why what the store shows could not be pulled; empty where it was."""
        self.seen_at: float | None = None
        """When the store was last read and followed, seconds since 1970; None: not yet."""

    def look(self) -> State | None:
        """Looks once; returns the new state where there is one.

        Raises:
            UserError, SystemFault: what the store shows could not be pulled; what served before serves on.
        """
        pulled = pull(self._root, self._store, self._tag)
        self._tag, self.seen_at = pulled.tag, time.time()
        return pulled.now if pulled.now != pulled.before else None

    def refresh(self) -> State | None:
        """The same; what fails is told once, and raises nothing."""
        try:
            found = self.look()
            self.looked = True
        except Exception as error:
            # Whatever is wrong with what is shown, what serves is not to stop for it, nor is the looking.
            kind = "" if isinstance(error, Failure | OSError) else f"{type(error).__name__}: "
            failure = f"{kind}{error}"
            if failure != self.failure:
                LOG.error("%s is not followed: %s", self._store, failure)
            self.failure, self.looked = failure, True
            self._failures += 1
            return None
        if self.failure:
            LOG.info("%s is followed again", self._store)
        self.failure, self._failures = "", 0
        return found

    def pause(self, seconds: float) -> float:
        """Until the next look: as asked, and longer the oftener it has failed, up to a minute."""
        return max(seconds, min(seconds * 2.0 ** min(self._failures, 16), _LONGEST_PAUSE))


@contextmanager
def following(follower: Follower, seconds: float, tell: Callable[[], None]) -> Iterator[None]:
    """Looks again and again, in a thread of its own, until the block's end.

    A store that does not answer holds nobody up: the thread ends with the process then, and what it was about to pull
    lies aside, where the next pull removes it.

    Args:
        seconds: between two looks that went well.
        tell: called after each look, in that thread.
    """
    ended = threading.Event()

    def look() -> None:
        while True:
            follower.refresh()
            tell()
            if ended.wait(follower.pause(seconds)):
                return

    thread = threading.Thread(target=look, name="follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_PATIENCE)
