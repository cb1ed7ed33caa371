"""A challenger that costs what the champion does; each test says what is otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np

from pipeline.operations.promotion.figures import Figures
from pipeline.orders.realised_accuracy.challenger import ScoredPlan

NOW = datetime(2026, 6, 15, 6, tzinfo=timezone.utc)
LAST = date(2026, 6, 14)
INTERVAL = 4


def plans(
    cheaper: float = 0.0, count: int = 40, days: int = 1, noise: float = 0.05, seed: int = 1, scored: int = 90
) -> tuple[ScoredPlan, ...]:
    """Scored up to an interval ago, the challenger's costs with a noise beside the champion's; money 1000 a plan."""
    random = np.random.default_rng(seed)
    end = LAST - timedelta(days=days * INTERVAL)
    return tuple(
        ScoredPlan(
            end - timedelta(days=days * (count - 1 - i)), 100, scored, 500.0, 510.0, 150.0, 490.0, 140.0,
            1000.0, 1000.0 * (1 - cheaper + random.normal(0, noise)), INTERVAL,
        )
        for i in range(count)
    )  # fmt: skip


def figures(**changes: Any) -> Figures:
    usual = Figures(1, 7, 8, NOW - timedelta(days=50), plans(), LAST)
    return replace(usual, **changes)
