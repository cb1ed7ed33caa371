"""What the doctor says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        state: ``ok``; ``warn``: a run may be slow or fail; ``fail``: it will.
        found: what is there.
        advice: what to do about it; empty where all is well.
    """

    name: str
    state: State
    found: str
    advice: str = ""


def worst(found: list[Check]) -> State:
    """The gravest state among checks."""
    states = {check.state for check in found}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"
