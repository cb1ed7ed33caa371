"""What lies where in an object store, and the one small object that says what serves.

    current.json                       the only object that is ever written anew, by conditional writes alone
    pairs/<place>/manifest.json        as in the serving directory; written after all files of the pair
    pairs/<place>/<model>/saved_model.pb ...
    probes/<random>                    for a moment, to see whether the store knows conditional writes

A place is ``<version>-<of its manifest's SHA-256>-<random>``: nobody writes where anybody else did, so what a killed
publication left is never taken up by another one, and may be removed at any time. ``current.json`` holds the digest of
each manifest, and that the digest of each file: a reader that begins at the first sees one whole pair or an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field, ValidationError

from contracts.options import Options
from serving.directory.layout import MANIFEST_FILE, ServingError

CURRENT, PAIRS, PROBES = "current.json", "pairs", "probes"
_PLACE = r"^\d{1,19}-[0-9a-f]{16}-[0-9a-f]{8}$"
_LONG = 16


class Change(Options):
    """A change of what serves, as the serving directory's history has it."""

    stable: int
    """version of the pair that serves from then on"""
    canary: int | None
    """version of the pair that is tried beside it"""
    at: str
    """when, ISO 8601, UTC"""
    sequence: int
    """of the state in its serving directory"""
    action: str
    """what was done, such as push"""
    by: str
    """who or what did it"""
    reason: str
    """why, where that was said"""

    @property
    def order(self) -> tuple[str, int, int]:
        """The later of two changes is the greater, whichever comes to the store first."""
        return self.at, self.sequence, self.stable

    @property
    def versions(self) -> tuple[int, ...]:
        """Of the pairs that are seen, rising."""
        return tuple(sorted({self.stable} | ({self.canary} if self.canary is not None else set())))


class Entry(Options):
    """A pair that the store has."""

    version: int
    """its number"""
    place: str = Field(pattern=_PLACE)
    """folder of its files below ``pairs``"""
    manifest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its manifest"""


class Pointer(Options):
    """The content of current.json."""

    format: Literal[1] = 1
    """of this object"""
    sequence: int
    """number of its content; each change makes the next"""
    shown: Change
    """what serves"""
    pairs: tuple[Entry, ...]
    """those whose files are there, by rising version"""
    dropped: Mapping[str, str] = {}
    """places that were among ``pairs``, and since when they are not: readers may still be taking them"""

    def entry(self, version: int) -> Entry | None:
        """The pair of a number; None where it is not there."""
        return next((entry for entry in self.pairs if entry.version == version), None)

    def content(self) -> bytes:
        """As it is written."""
        return (self.model_dump_json(indent=1) + "\n").encode()


def read_pointer(content: bytes, store: object) -> Pointer:
    """The content of current.json.

    Raises:
        ServingError: it is damaged, or of a newer program.
    """
    try:
        return Pointer.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        raise ServingError(
            f"{store}/{CURRENT}: cannot be read ({where}: {first['msg']}); is it of a newer program? Or restore an "
            "older version of the object"
        ) from None


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def place_of(version: int, manifest: str, token: str) -> str:
    """A new place for a pair; manifest: its digest; token: eight random hexadecimal digits."""
    return f"{version}-{manifest[:_LONG]}-{token}"


def key_of(place: str, name: str) -> str:
    """Of a file of a pair."""
    return f"{PAIRS}/{place}/{name}"


def manifest_key(place: str) -> str:
    """Of a pair's manifest."""
    return key_of(place, MANIFEST_FILE)


def read_pair_manifest(content: bytes, entry: Entry, store: object) -> dict[str, Any]:
    """A pair's manifest.

    Raises:
        ServingError: it is not the one that was published, or names files outside of its pair.
    """
    if digest(content) != entry.manifest:
        raise ServingError(damaged(store, entry.version, MANIFEST_FILE))
    manifest: dict[str, Any] = json.loads(content)
    if manifest["version"] != entry.version or any(map(_leads_out, manifest["files"])):
        raise ServingError(f"{store}: the manifest of pair {entry.version} is none of this program's")
    return manifest


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or str(path) != name


def damaged(store: object, version: int, file: str) -> str:
    """What is said of a pair that is not as it was published."""
    return (
        f"{store}: pair {version} is not as it was published, such as {file}; what served before serves on. Call "
        "'retail-inventory publication sync --again' where it was published"
    )
