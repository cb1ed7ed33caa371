"""What a back-up says of itself: at its beginning what it is, at its end what all of it was."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from contracts.records.base import Record

HEADER_FILE, MANIFEST_FILE = "backup.json", "manifest.json"
"""The first file of a back-up, and the last: what was cut off has no manifest."""
FORMAT = 1
WORKSPACE, STORE, CONFIGURATION = "workspace", "store", "configuration"
"""Folders in a back-up."""


class Header(Record):
    """What must be known before anything of a back-up is read."""

    product: Literal["retail-inventory"] = "retail-inventory"
    format: int = FORMAT
    made_at: datetime
    """of the snapshot, UTC"""
    workspace: str
    """path of the workspace then"""
    revision: str
    """of the store's tables"""


class File(Record):
    """A file of a back-up."""

    size: int
    sha256: str


class Table(Record):
    """A table of the store; its rows are in ``store/<name>.copy``, as PostgreSQL's COPY writes them."""

    columns: tuple[str, ...]
    rows: int
    digest: str
    """of all rows, in whatever order"""


class Manifest(Record):
    """All that a back-up holds."""

    files: dict[str, File]
    """by name"""
    links: dict[str, str]
    """symbolic links and where they lead"""
    tables: dict[str, Table]
    """by name, in an order in which rows refer to earlier ones alone"""
    gone: tuple[str, ...]
    """folders of artifacts that ML Metadata names and that were not there"""
