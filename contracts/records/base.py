"""What all records have in common."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from contracts.options import Options


class Record(BaseModel):
    """A record knows all of its fields; the text below each is its description, in the documentation too."""

    model_config = Options.model_config


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""JSON knows no NaN: a number that nothing could be judged by is null."""
