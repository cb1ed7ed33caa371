"""The pairs that a service answers from, exchanged as a whole when the serving directory shows others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.directory.layout import ServingError, read_state
from serving.directory.loading import LoadedPair, load_pair

LOG = logging.getLogger("retail_inventory.serving")


@dataclass(frozen=True)
class Snapshot:
    """What is answered from at one moment: pairs by label, ``stable`` and perhaps ``canary``."""

    sequence: int
    pairs: Mapping[str, LoadedPair]


class Holder:
    """Loads what the directory shows. Requests keep the snapshot that they began with, so none is lost in a change."""

    def __init__(self, root: Path) -> None:
        """Args: root: the serving directory."""
        self._root = root
        self.snapshot = Snapshot(-1, {})
        self.failure = ""
        """Why the directory's newest state could not be loaded; empty where it was."""

    def refresh(self) -> bool:
        """Loads the newest state where it is another; returns whether it was taken up.

        What cannot be loaded is told once and changes nothing: what answered before answers on.
        """
        try:
            state = read_state(self._root)
            if state.sequence == self.snapshot.sequence:
                return False
            wanted = {"stable": state.stable, "canary": state.canary}
            known = {pair.version: pair for pair in self.snapshot.pairs.values()}
            pairs = {
                label: known.get(version) or load_pair(self._root, version)
                for label, version in wanted.items()
                if version is not None
            }
        except Exception as error:
            # Whatever is wrong with a new pair, the old one is not to stop for it.
            kind = "" if isinstance(error, ServingError) else f"{type(error).__name__}: "
            failure = f"{kind}{error}"
            if failure != self.failure:
                LOG.error("the newest state of %s is not taken up: %s", self._root, failure)
            self.failure = failure
            return False
        self.snapshot, self.failure = Snapshot(state.sequence, pairs), ""
        LOG.info(
            "serving %s",
            ", ".join(f"{label} {pair.version}" for label, pair in pairs.items()) or "nothing yet",
        )
        return True
