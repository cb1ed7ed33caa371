"""What external columns are called among the features: any text becomes a name that TensorFlow takes as it is."""

from __future__ import annotations

import hashlib
import re

EXTERNAL_PREFIX = "external_"
"""No other feature begins so after ``history_`` or ``future_``: a column may be called like any of them."""

_PLAIN = re.compile(r"[A-Za-z0-9_]{1,48}")
_HASHED = re.compile(r".*__[0-9a-f]{12}")


def external_name(column: str) -> str:
    """``external_`` and the column's name; characters other than A-Z, a-z, 0-9 and _ are replaced by _.

    Where anything had to be replaced or cut, a hash of the name follows, so that no two columns share a name.
    """
    if _PLAIN.fullmatch(column) and not _HASHED.fullmatch(column):
        return EXTERNAL_PREFIX + column
    readable = re.sub(r"[^A-Za-z0-9_]+", "_", column)[:32]
    digest = hashlib.sha256(column.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{EXTERNAL_PREFIX}{readable}__{digest}"
