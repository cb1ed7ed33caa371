"""What became of a challenger, and why: every figure beside its bound."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from contracts.records.base import Number, Record

Action = Literal["promote", "withdraw", "wait"]
PromotionName = Literal[
    "ordered", "canary_cost", "canary_bias", "cheaper", "dearer", "undecided", "scored", "accuracy", "bias"
]


class PromotionFinding(Record):
    """One figure beside its bound."""

    name: PromotionName
    """what was weighed"""
    value: Number
    """what was found; null where nothing is known of it"""
    bound: Number
    """from where on it counts; of accuracy and bias the champion's, beside which the challenger's stands"""
    crossed: bool
    """whether it decided; of scored: that it holds a decision back"""
    said: str
    """in words"""


class PromotionDecision(Record):
    """What was decided of a challenger, and from what."""

    version: Literal[1] = 1
    """of this description; another one wherever a reader of this one would no longer do"""
    decided_at: datetime
    """when"""
    action: Action
    """promote: it serves from now on; withdraw: it is tried no longer; wait: it goes on being scored"""
    said: str
    """why, in a sentence"""
    champion: int
    """version of the pair that served"""
    challenger: int
    """version of the pair that was decided upon"""
    newest_date: date | None
    """last date with sales that is known"""
    findings: tuple[PromotionFinding, ...]
    """everything that was weighed"""
    ordered_by: str | None = None
    """who ordered it; null where nobody did"""
