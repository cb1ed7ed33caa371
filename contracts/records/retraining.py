"""Whether a training is due, and why: every figure beside its bound."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from contracts.records.base import Number, Record

ReasonName = Literal[
    "never_trained", "accuracy", "bias_high", "bias_low", "drift", "schema", "new_items", "age", "ordered"
]
GuardName = Literal["running", "challenger", "no_new_data", "cool_down", "budget"]


class Finding(Record):
    """One figure beside its bound."""

    name: ReasonName | GuardName
    """what was weighed"""
    value: Number
    """what was found; null where nothing is known of it, or it has no figure"""
    bound: Number
    """from where on it counts"""
    crossed: bool
    """of a reason: it asks for a training; of a guard: it holds one back"""
    said: str
    """in words"""


class Decision(Record):
    """What was decided, and from what."""

    version: Literal[1] = 1
    """of this description; another one wherever a reader of this one would no longer do"""
    decided_at: datetime
    """when"""
    due: bool
    """whether to train"""
    said: str
    """why, or why not, in a sentence"""
    pair: int | None
    """version of the pair that serves; null where none does"""
    newest_date: date | None
    """last date with sales that is known"""
    reasons: tuple[Finding, ...]
    """everything that may ask for a training"""
    guards: tuple[Finding, ...]
    """everything that may hold one back"""
    ordered_by: str | None = None
    """who ordered the training, whatever the guards say; null where nobody did"""
