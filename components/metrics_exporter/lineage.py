"""What a model was made from, as identities that can be compared."""

from __future__ import annotations

import hashlib
from pathlib import Path

from contracts import files

SHOWN = 16
SCHEMA_GRAPH, TRANSFORM_GRAPH, MODEL_GRAPH = (
    files.SCHEMA,
    "transform_fn/saved_model.pb",
    "Format-Serving/saved_model.pb",
)
"""The file of each artifact that stands for the whole."""


def digest(folder: str, file: str) -> str | None:
    """First 16 hexadecimal digits of the SHA-256 of a file of an artifact; None where it is not there."""
    path = Path(folder) / file
    return hashlib.sha256(path.read_bytes()).hexdigest()[:SHOWN] if path.exists() else None


def pair_of(model_hashes: list[str]) -> str:
    """One identity for two models."""
    return hashlib.sha256(" ".join(model_hashes).encode()).hexdigest()[:SHOWN]
