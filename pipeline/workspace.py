"""Where a run keeps its things, and the lock that keeps two runs from sharing them."""

from __future__ import annotations

import fcntl
import secrets
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import IO

from contracts.errors import SystemFault, UserError, cannot

# The nodes of a killed run hold its lock until they have died of it, which takes a gigabyte of memory some time.
PATIENCE = 5.0
_PAUSE = 0.05
_PATTERNS = "[]*?\\"


def _is_strange(letter: str) -> bool:
    return letter in _PATTERNS or unicodedata.category(letter) in ("Cc", "Cs")


def new_run_id() -> str:
    """Sorts by time, and is unique even for two runs within one second."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ") + "-" + secrets.token_hex(2)


def take_lock(file: IO[str], patience: float | None, *, shared: bool = False) -> bool:
    """Locks an open file for as long as it is open, and says whether it could.

    By flock itself: filelock's locks are held by one alone, but for one that is an SQLite database.

    Args:
        patience: seconds to wait for whoever holds it; None: as long as it takes.
    """
    deadline = None if patience is None else time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        else:
            return True


@dataclass(frozen=True)
class Workspace:
    """The folders of design: artifacts, metadata, serving, the store, reports, logs."""

    root: Path

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def metadata(self) -> Path:
        return self.root / "metadata.sqlite"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def store(self) -> Path:
        return self.root / "postgres"

    @property
    def serving(self) -> Path:
        return self.root / "serving"

    @property
    def registry(self) -> Path:
        """Of the registry: which one it is, and the lock of whoever tells it."""
        return self.root / "registry"

    @property
    def publication(self) -> Path:
        """Of the object store: which one it is, and the lock of whoever publishes to it."""
        return self.root / "publication"

    @property
    def planner(self) -> Path:
        """What ``plan --changed`` keeps to plan parts of a plan again."""
        return self.root / "planner"

    def report(self, run_id: str) -> Path:
        return self.root / "reports" / run_id

    def page(self, run_id: str) -> Path:
        return self.report(run_id) / "index.html"

    def plan(self, as_of: date) -> Path:
        return self.root / "plans" / as_of.isoformat()

    def logs(self, run_id: str) -> Path:
        return self.root / "logs" / run_id

    def create(self) -> None:
        """Makes the folder.

        Raises:
            UserError: it cannot be made or written to, or its name means something else to TFX or TensorFlow.
            SystemFault: the disk is full, or the like.
        """
        strange = sorted({letter for letter in str(self.root) if _is_strange(letter)})
        if strange:
            shown = " ".join(letter if letter.isprintable() else ascii(letter) for letter in strange)
            raise UserError(
                f"{ascii(str(self.root))[1:-1]}: a workspace's path has none of the characters {shown}, which TFX and "
                "TensorFlow read as patterns or not at all; give another --workspace"
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / ".write-probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise cannot(
                error,
                f"{self.root}: cannot be used as a workspace",
                "give a folder you may write to",
                UserError,
            ) from error

    @contextmanager
    def lock(self, *, shared: bool = False) -> Iterator[None]:
        """Holds the workspace for one run; the kernel lets go of it even when the run is killed.

        Args:
            shared: with others that share it, such as the nodes of a run that an orchestrator calls one by one.

        Raises:
            UserError: another run holds it, and did so for ``PATIENCE`` seconds; SystemFault where it was to be shared.
        """
        try:
            file = (self.root / ".lock").open("w")
        except OSError as error:
            what = f"{self.root}: cannot be used as a workspace"
            raise cannot(error, what, "give a folder you may write to", UserError) from error
        with file:
            if not take_lock(file, PATIENCE, shared=shared):
                # An orchestrator calls a node again, and may then find the workspace free.
                raise (SystemFault if shared else UserError)(
                    f"{self.root}: another run is working here; wait for it, or give another --workspace"
                )
            yield
