"""Fingerprints of our own code: functions given to TFX by import path are not part of its cache key."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path


@cache
def code_fingerprint(*packages: str) -> str:
    """One hash over the Python sources of these packages, the same on every machine."""
    digest = hashlib.sha256()
    for package in packages:
        folder = Path(import_module(package).__path__[0])
        for source in sorted(folder.rglob("*.py")):
            digest.update(f"{package}/{source.relative_to(folder).as_posix()}".encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
