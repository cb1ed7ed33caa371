"""Fingerprints of our own code: functions given to TFX by import path are not part of its cache key."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path


@cache
def code_fingerprint(*modules: str) -> str:
    """One hash over the Python sources of these packages and modules, the same on every machine."""
    digest = hashlib.sha256()
    for name in modules:
        module = import_module(name)
        file = Path(module.__file__ or "")
        folder = file.parent
        sources = sorted(folder.rglob("*.py")) if hasattr(module, "__path__") else [file]
        for source in sources:
            digest.update(f"{name}/{source.relative_to(folder).as_posix()}".encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
