"""Pairs of small folders that look like models, and a reader that judges them as TensorFlow Serving would."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.models import MODELS, WATCH
from serving.directory.layout import CARD_FILE, EXTRA

_FILES = ("variables/variables.index", "variables/variables.data-00000-of-00001", "assets/tokens")


def make_pair(folder: Path, name: str, size: int = 3000) -> dict[str, Path]:
    """Folders of both models of a pair; each of their files says which pair it is of."""
    made = {}
    for model in MODELS:
        place = folder / name / model
        for part in ("variables", "assets", EXTRA):
            (place / part).mkdir(parents=True)
        (place / "saved_model.pb").write_text(f"{name}\n" * (size // (len(name) + 1)))
        for file in _FILES:
            (place / file).write_text(f"{name}\n")
        card = {"model": model, "transform_graph": f"graph of {name}", "feature_space": {}, "name": name}
        (place / EXTRA / CARD_FILE).write_text(json.dumps(card))
        made[model] = place
    return made


def serving_pair(root: Path) -> str | None:
    """Name of the pair that the highest visible versions hold; None where nothing is visible.

    Raises:
        AssertionError: a version is not whole, or the models are of different pairs.
        FileNotFoundError: what was listed cannot be read.
    """
    current = root / "current"
    if not current.is_symlink():  # Everything is seen through it, so before the first push there is nothing.
        return None
    # Both models as of one moment; a poller that looks at one after the other may see a push between them.
    place = root / current.readlink()
    found = {model: _highest(place / model) for model in MODELS}
    if set(found.values()) == {None}:
        return None
    versions = {folder.name for folder in found.values() if folder}
    names = {_name_of(folder) for folder in found.values() if folder}
    assert len(versions) == len(names) == 1 and None not in found.values(), found
    return names.pop()


def poll(root: Path) -> None:
    """Reads what TensorFlow Serving would load of each model: the highest number below its name.

    Raises:
        AssertionError, FileNotFoundError: it could not have been loaded.
    """
    for model in MODELS:
        folder = _highest(root / model)
        if folder:
            _name_of(folder)


def listing(root: Path) -> list[list[str]]:
    """The versions of each model that a reader sees."""
    return [sorted(path.name for path in (root / model).glob("*")) for model in MODELS]


def _highest(base: Path) -> Path | None:
    if not base.exists():
        return None
    numbers = [path for path in base.iterdir() if path.name.isdigit()]
    return max(numbers, key=lambda path: int(path.name), default=None)


def _name_of(folder: Path) -> str:
    card = json.loads((folder / EXTRA / CARD_FILE).read_text())
    name = str(card["name"])
    lines = (folder / "saved_model.pb").read_text().splitlines()
    assert lines and set(lines) == {name}
    for file in _FILES:
        assert (folder / file).read_text() == f"{name}\n"
    return name


def make_watch(folder: Path, pair: str, name: str) -> Path:
    """Folder of a demand watch that was trained beside a pair of ``make_pair``."""
    place = folder / f"{pair} {name}" / WATCH
    (place / EXTRA).mkdir(parents=True)
    (place / "saved_model.pb").write_text(f"{name}\n")
    card = {"model": WATCH, "transform_graph": f"graph of {pair}", "feature_space": {}, "name": name}
    (place / EXTRA / CARD_FILE).write_text(json.dumps(card))
    return place
