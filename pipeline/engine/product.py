"""Tells whether another machine would do the same work: the product's code, and what it runs on."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

from contracts.exit_codes import WorkerExit
from pipeline.packages import ROOT, own_files

_BENEATH = ("apache-beam", "tfx", "tensorflow")


def product_fingerprint() -> str:
    """The same wherever the same product is installed on the same stack, at whatever place and time."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in _BENEATH:
        digest.update(f"\0{name}={metadata.version(name)}".encode())
    for path in own_files():
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Refused(Exception):
    """It would not do the same work; ``code`` is what its process ends with."""

    def __init__(self, code: WorkerExit, message: str) -> None:
        super().__init__(message)
        self.code = code


def check(code: str, folders: str) -> None:
    """Looks whether this machine can do the work.

    Args:
        code: fingerprint of the product where the work was ordered; empty: not asked for.
        folders: paths that have to be here, joined as in PATH.

    Raises:
        Refused: it cannot.
    """
    if code and code != (ours := product_fingerprint()):
        raise Refused(
            WorkerExit.OTHER_CODE,
            f"the work was ordered by code {code}, and here is {ours}; install the same version on all machines",
        )
    unseen = [path for path in folders.split(os.pathsep) if path and not Path(path).exists()]
    if unseen:
        raise Refused(
            WorkerExit.NOT_SHARED,
            f"{', '.join(unseen)}: is not here; put it on a file system that all machines have at the same place",
        )
