"""Which batch of data is which span: the same input again, a corrected batch, or a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from components.example_generation.reading.listing import contract_files, require_folder


@dataclass(frozen=True)
class SpanRecord:
    """A batch that was read before: what it was made of, its dates, and what it was called."""

    fingerprint: str
    first_date: date
    last_date: date
    span: int
    version: int


def fingerprint_of(folder: Path | str) -> str:
    """Content hash of the contract's files in a folder; files that the contract does not know do not count.

    Raises:
        UserError: there is no such folder.
    """
    folder = require_folder(folder)
    digest = hashlib.blake2b(digest_size=16)
    for path in contract_files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(_content_hash(path))
    return digest.hexdigest()


def _content_hash(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.digest()


def span_of(earlier: Sequence[SpanRecord], fingerprint: str, last_date: date | None) -> tuple[int, int]:
    """Span and version of a batch, given those before it.

    The same content keeps its span and version. Other content that ends on the same date is a corrected
    batch: the next version of that span. Anything else is a new span.

    Args:
        earlier: batches read before, in any order.
        fingerprint: of the batch (`fingerprint_of`).
        last_date: last date of its sales (`sales_dates`); None where no date can be read.

    Returns:
        Span, from 1, and version, from 1.
    """
    for record in earlier:
        if record.fingerprint == fingerprint:
            return record.span, record.version
    same_end = [record.span for record in earlier if record.last_date == last_date]
    if same_end:
        span = max(same_end)
        return span, max(record.version for record in earlier if record.span == span) + 1
    return max((record.span for record in earlier), default=0) + 1, 1
