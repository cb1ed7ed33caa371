"""Figures of a pair that does as the gate promised; each test says what is otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np

from pipeline.operations.retraining.figures import Figures, Pair, Period, Training

NOW = datetime(2026, 6, 15, 6, tzinfo=timezone.utc)
LAST = date(2026, 6, 14)
PAIR = Pair(7, NOW - timedelta(days=20), date(2026, 5, 25), 0.3, 0.02)
PUSHED = Training(PAIR.pushed_at, "pushed", PAIR.last_date, 3)


def periods(
    wape: float = 0.3, bias: float = 0.02, count: int = 20, days: int = 1, noise: float = 0.02
) -> tuple[Period, ...]:
    """Scored by pair 7 up to yesterday, with noise of 4 % of WAPE, and of bias."""
    random = np.random.default_rng(5)
    return tuple(
        Period(LAST - timedelta(days=days * (count - 1 - i)), PAIR.version, 100, 90, 1000.0,
               1000.0 * (1 + bias + random.normal(0, noise)), 1000.0 * wape * (1 + random.normal(0, 0.04)))
        for i in range(count)
    )  # fmt: skip


def figures(**changes: Any) -> Figures:
    usual = Figures(
        1, PAIR, periods(), drift_runs=3, new_share=0.01, newest_date=LAST, newest_span=9, trainings=(PUSHED,)
    )
    return replace(usual, **changes)
