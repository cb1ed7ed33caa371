"""What is planted, and what the peers are given, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.gates.demand_watch import WEEKS, Watched, z_scores
from benchmarks.gates.planting import PLANTED, plant
from inventory.detection.distribution import Demand
from inventory.detection.kinds import KINDS, Kind
from inventory.detection.watching import Span

SERIES, DAYS = 80, 14


@pytest.fixture
def newest() -> Watched:
    rng = np.random.default_rng(2)
    mean = rng.uniform(3, 30, (SERIES, 1)) * np.ones((1, DAYS))
    promoted = np.zeros(mean.shape, bool)
    promoted[:, 4:7] = True
    size, zero, every = np.full(mean.shape, 5.0), np.zeros(mean.shape), np.ones(mean.shape, bool)
    number = np.arange(SERIES)
    span = Span(
        np.array([f"S{i % 4}" for i in number], object),
        np.array([f"P{i // 4}" for i in number], object),
        np.array(["C"] * SERIES, object),
        20_000 + np.arange(DAYS),
        Demand(np.where(promoted, 2 * mean, mean), size, zero),
        Demand(mean, size, zero),
        promoted,
        rng.poisson(np.where(promoted, 2 * mean, mean)).astype(np.float64),
        every,
        every,
    )
    history = rng.poisson(mean[:, :1], (SERIES, 7 * WEEKS)).astype(np.float64)
    history[rng.random(history.shape) < 0.1] = np.nan
    return Watched(span, history)


def test_every_kind_is_planted_in_the_marked_series_alone(newest: Watched) -> None:
    assert set(PLANTED) == set(KINDS)
    for kind in KINDS:
        changed, marked = plant(newest.span, kind, np.random.default_rng(0))
        differs = (changed.units != newest.span.units).any(axis=1)
        assert (
            differs[marked].mean() > 0.7 and not differs[~marked].any() and 0 < marked.sum() <= SERIES // 4
        ), kind


def test_a_missed_promotion_sells_what_plain_days_do(newest: Watched) -> None:
    kind: Kind = "missed_promotion"
    changed, marked = plant(newest.span, kind, np.random.default_rng(0))
    on = newest.span.promoted[marked]
    halved = np.round(newest.span.units[marked] / 2)
    np.testing.assert_array_equal(changed.units[marked][on], halved[on])


def test_z_scores_are_held_against_the_same_weekday(newest: Watched) -> None:
    row = 5
    past = pd.Series(newest.history[row])
    weekday = pd.Series(np.arange(7 * WEEKS) % 7)
    mean = past.groupby(weekday).mean()
    deviation = max((past - weekday.map(mean)).std(ddof=0), 0.5)
    expected = (newest.span.units[row] - mean.to_numpy()[np.arange(DAYS) % 7]) / deviation
    np.testing.assert_allclose(z_scores(newest)[row], expected, rtol=1e-9)
