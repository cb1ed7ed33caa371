"""What lies where in a serving directory, and the one small file that names the pair.

    current -> .states/<sequence>                 the only thing that a push changes for readers, by one rename
    demand_forecasting -> current/demand_forecasting
    replenishment_optimization -> current/replenishment_optimization
    pair.json -> current/pair.json
    .states/<sequence>/pair.json, history.jsonl, <model>/<version> -> ../../../.pairs/<version>/<model>
    .pairs/<version>/manifest.json, <model>/saved_model.pb ...

Two renames, one for each model, would leave a moment, or after a crash a day, in which the models do not belong
together; one link that leads to both cannot. Kubernetes swaps its mounted ConfigMaps the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fcntl import LOCK_SH, flock
from pathlib import Path
from typing import Any, BinaryIO

from contracts.errors import UserError, is_systems
from contracts.models import MODELS

CURRENT, PAIRS, STATES, LOCK = "current", ".pairs", ".states", ".lock"
PAIR_FILE, HISTORY_FILE, MANIFEST_FILE, TF_SERVING_FILE = (
    "pair.json", "history.jsonl", "manifest.json", "models.config",
)  # fmt: skip
EXTRA = "assets.extra"
"""Folder of a SavedModel that TensorFlow leaves to others."""
CARD_FILE = "model.json"
"""In EXTRA: the model's name, its feature space, and the digest of the transform graph inside it."""


class ServingError(UserError):
    """The serving directory cannot be used, or not for what was asked; says what to do."""


@dataclass(frozen=True)
class State:
    """What a serving directory shows.

    Attributes:
        sequence: number of the state; each change makes the next.
        stable: version of the pair that serves; None before the first push.
        canary: version of the pair that is being tried beside it.
        versions: those that readers see, rising; the stable one and the canary among them.
        withdrawn: those that were rolled back; kept, and not seen.
        untried: canaries that another version followed before they were promoted; seen, but nobody is rolled back to
            what has never served.
        last_version: the highest number ever given away.
        base_path: of the serving directory as TensorFlow Serving sees it, where its configuration is wanted.
    """

    sequence: int = 0
    stable: int | None = None
    canary: int | None = None
    versions: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()
    untried: tuple[int, ...] = ()
    last_version: int = 0
    base_path: str | None = None

    @property
    def kept(self) -> tuple[int, ...]:
        """All versions whose files are there, rising."""
        return tuple(sorted({*self.versions, *self.withdrawn}))

    def to_json(self) -> str:
        """The content of pair.json."""
        return json.dumps({"models": MODELS, **asdict(self)}, indent=1) + "\n"


def read_state(root: Path) -> State:
    """The state of a serving directory; an empty one where nothing was pushed yet.

    Raises:
        ServingError: the directory holds something else, or its file was damaged.
    """
    link = root / CURRENT
    if not link.is_symlink():
        foreign = [name for name in MODELS if (root / name).exists()]
        if foreign:
            raise ServingError(
                f"{root / foreign[0]}: was not written by 'push'; move {root} aside, and the next run starts a new one"
            )
        return State()
    file = link / PAIR_FILE
    try:
        content = json.loads(_newest(file))
        content.pop("models")
        lists = {name: tuple(content[name]) for name in ("versions", "withdrawn", "untried")}
        return State(**{**content, **lists})
    except (OSError, ValueError, TypeError, KeyError) as error:
        if is_systems(error):
            raise
        raise ServingError(
            f"{file}: cannot be read ({error}); point {link} at an older folder of {root / STATES} or restore a backup"
        ) from error


def _newest(file: Path) -> bytes:
    """Content of a file that lies behind ``current``, which may be pointed elsewhere while it is opened."""
    for _ in range(9):
        try:
            return file.read_bytes()
        except FileNotFoundError:
            continue
    return file.read_bytes()


def stable_version(root: Path) -> int:
    """Version of the pair that serves.

    Raises:
        ServingError: there is none.
    """
    version = read_state(root).stable
    if version is None:
        raise ServingError(f"{root}: holds no pushed pair; run the pipeline in this workspace first")
    return version


def model_folder(root: Path, version: int, model: str) -> Path:
    """Where a kept version of a model lies, whichever versions are seen."""
    return root / PAIRS / str(version) / model


def read_manifest(root: Path, version: int) -> dict[str, Any]:
    """The manifest of a pair: ``files`` (path to size and sha256), ``transform_graph`` and ``facts``.

    Raises:
        ServingError: it is missing or damaged.
    """
    return read_json(root / PAIRS / str(version) / MANIFEST_FILE, "roll back to another version")


def read_json(file: Path, remedy: str) -> dict[str, Any]:
    """A file that came with a pair.

    Raises:
        ServingError: it is missing or damaged.
    """
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        if is_systems(error):
            raise
        raise ServingError(f"{file}: cannot be read ({error}); {remedy}") from error
    return content


def read_history(root: Path) -> list[Mapping[str, Any]]:
    """What was done to the directory, oldest first: action, at, by, reason, stable, canary; of late, sequence."""
    file = root / CURRENT / HISTORY_FILE
    return [json.loads(line) for line in _newest(file).splitlines()] if (root / CURRENT).is_symlink() else []


def hold(root: Path, version: int) -> BinaryIO:
    """Keeps a pair's files from being removed on this machine until the returned file is closed.

    Raises:
        ServingError: it was removed already.
    """
    manifest = root / PAIRS / str(version) / MANIFEST_FILE
    try:
        file = manifest.open("rb")
        flock(file, LOCK_SH)
        # Whoever removes a pair holds its manifest meanwhile; what was opened before may be gone by now.
        manifest.stat()
    except FileNotFoundError as error:
        raise ServingError(f"version {version} was removed meanwhile; try again") from error
    return file
