"""JSON as its standard has it."""

from __future__ import annotations

import math
from typing import Any


def without_nan(value: Any) -> Any:
    """JSON knows no NaN: a metric that nothing could be judged by is null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
