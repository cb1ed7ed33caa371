"""Fingerprints of our own code: functions given to TFX by import path are not part of its cache key."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pipeline.packages import rooms


@cache
def code_fingerprint(*modules: str) -> str:
    """One hash over the Python sources that these modules are made of, the same on every machine.

    These are the modules themselves, of a package all that is in it, and whatever of our own packages they import,
    and so on: what is executed, wherever it stands.

    Args:
        modules: names of modules or packages.
    """
    digest = hashlib.sha256(" ".join(modules).encode())
    for name, source in sorted(_sources(modules).items()):
        digest.update(f"\0{name}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(modules: tuple[str, ...]) -> dict[str, Path]:
    """Every module that is reached, by name."""
    ours = {*rooms(), *(name.partition(".")[0] for name in modules)}
    waiting = [inner for name in modules for inner in (name, *_inside(name))]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        source = None if name in found else _source(name)
        if source is None:
            continue
        found[name] = source
        package = name if source.name == "__init__.py" else name.rpartition(".")[0]
        imported = _imports(source.read_bytes(), package)
        waiting += [
            name.rpartition(".")[0],
            *(other for other in imported if other.partition(".")[0] in ours),
        ]
    return found


def _source(name: str) -> Path | None:
    """The file of a module, found without importing it; None where that is the name of something else."""
    root, *parts = name.split(".")
    folder = _folder(root)
    if folder is None:
        return None
    place = folder.joinpath(*parts)
    candidates = [place / "__init__.py", *([place.with_name(f"{place.name}.py")] if parts else [])]
    return next((path for path in candidates if path.is_file()), None)


@cache
def _folder(root: str) -> Path | None:
    spec = find_spec(root) if root else None
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _inside(name: str) -> Iterator[str]:
    """The modules of a package."""
    source = _source(name)
    if source is None:
        raise ModuleNotFoundError(f"no module {name}")
    if source.name == "__init__.py":
        for path in source.parent.rglob("*.py"):
            parts = path.relative_to(source.parent).with_suffix("").parts
            yield ".".join([name, *(part for part in parts if part != "__init__")])


@cache
def _imports(source: bytes, package: str) -> frozenset[str]:
    """What a source imports, at its top or later; of ``from a import b`` both ``a`` and ``a.b``, which may be a module.

    Args:
        source: of a module.
        package: what its relative imports start from.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            found.update({origin, *(f"{origin}.{alias.name}" for alias in node.names)})
    return frozenset(found)
