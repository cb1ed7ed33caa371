"""What is unusual, planted into a span of clean sales."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.arrays import Flags
from inventory.detection.kinds import Kind
from inventory.detection.watching import Span

SHARE = 0.05
"""Of the series that a kind is planted in."""
PLANTED: dict[Kind, str] = {
    "spike": "one day at five times the expected demand and five units more",
    "level_shift_up": "the last eight days at two and a half times the sales and one unit more",
    "level_shift_down": "the last eight days at a quarter of the sales",
    "fading": "sales that fall to a seventh over the two weeks",
    "phantom_stock": "nothing sold on the last six days",
    "frozen_feed": "a store whose last two days are the day before once more",
    "missed_promotion": "promoted days that sold as plain ones",
}


def plant(span: Span, kind: Kind, rng: np.random.Generator) -> tuple[Span, Flags]:
    """The span with a kind planted, and the series that have it."""
    units, expected, horizon = span.units.copy(), span.demand.expected, span.units.shape[1]
    whole = span.judged.all(axis=1)
    eligible = whole & (np.median(expected, axis=1) >= 2)
    if kind == "missed_promotion":
        uplift = (
            np.where(span.promoted, expected, 0).sum(axis=1),
            np.where(span.promoted, span.plain.expected, 0).sum(axis=1),
        )
        eligible = whole & (span.promoted.sum(axis=1) >= 2) & (uplift[0] > 1.3 * uplift[1])
    count = max(round(SHARE * len(units)), 1)
    chosen = rng.choice(np.flatnonzero(eligible), min(count, int(eligible.sum())), replace=False)
    late = np.arange(horizon) >= horizon - 8
    if kind == "spike":
        day = rng.integers(0, horizon, len(chosen))
        units[chosen, day] = np.round(5 * expected[chosen, day] + 5)
    elif kind == "level_shift_up":
        units[chosen] = np.where(late, np.round(2.5 * units[chosen] + 1), units[chosen])
    elif kind == "level_shift_down":
        units[chosen] = np.where(late, np.floor(0.25 * units[chosen]), units[chosen])
    elif kind == "fading":
        units[chosen] = np.floor(units[chosen] * np.linspace(1, 0.15, horizon))
    elif kind == "phantom_stock":
        units[chosen, -6:] = 0
    elif kind == "frozen_feed":
        chosen = np.flatnonzero(span.store == rng.choice(np.unique(span.store)))
        units[chosen, -2:] = units[chosen, -3:-2]
    else:
        plain = np.round(units * span.plain.expected / np.maximum(expected, 1e-9))
        units[chosen] = np.where(span.promoted[chosen], plain[chosen], units[chosen])
    marked = np.zeros(len(units), bool)
    marked[chosen] = True
    return replace(span, units=units), marked
