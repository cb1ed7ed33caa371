"""What a decision is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.orders.realised_accuracy.challenger import ScoredPlan


@dataclass(frozen=True)
class Figures:
    """Everything that is weighed.

    Attributes:
        period_days: 1: daily, 7: weekly.
        champion, challenger: versions.
        pushed_at: when the challenger was, with its time zone.
        plans: those of both pairs that are scored, oldest first.
        newest_date: last date with sales that is known; None where none is.
        canary: of the same plans the stores that the challenger ordered for.
        stores: how many these are in its newest plan.
    """

    period_days: int
    champion: int
    challenger: int
    pushed_at: datetime
    plans: Sequence[ScoredPlan] = ()
    newest_date: date | None = None
    canary: Sequence[ScoredPlan] = ()
    stores: int = 0
