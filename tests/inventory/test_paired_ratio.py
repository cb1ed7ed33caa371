from __future__ import annotations

import numpy as np
import pytest

from inventory.paired_ratio import paired_ratio


def test_the_estimate_is_the_ratio_of_the_sums() -> None:
    found = paired_ratio([1.0, 2.0, 3.0], [2.0, 2.0, 4.0], seed=1)
    assert found.estimate == pytest.approx(6 / 8 - 1)
    assert found.low <= found.estimate <= found.high
    assert found == paired_ratio([1.0, 2.0, 3.0], [2.0, 2.0, 4.0], seed=1)


def test_what_moves_both_costs_cancels_out() -> None:
    baseline = np.random.default_rng(0).lognormal(0, 2, 500)
    found = paired_ratio(0.9 * baseline, baseline, seed=1)
    assert (found.low, found.high) == pytest.approx((-0.1, -0.1))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for repetition in range(300):
        baseline = rng.gamma(2.0, 1.0, 120)
        candidate = 0.8 * baseline * rng.gamma(4.0, 0.25, 120)
        found = paired_ratio(candidate, baseline, seed=repetition, resamples=400)
        covered += found.low <= -0.2 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize(
    ("candidate", "baseline", "message"),
    [([], [], "at least one"), ([1.0], [0.0], "costs nothing"), ([np.nan], [1.0], "finite")],
)
def test_what_cannot_be_compared(candidate: list[float], baseline: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_ratio(candidate, baseline, seed=1)


@pytest.mark.parametrize(("level", "resamples"), [(0.0, 10), (1.0, 10), (95.0, 10), (0.95, 0)])
def test_an_interval_that_cannot_be_drawn(level: float, resamples: int) -> None:
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        paired_ratio([1.0], [1.0], seed=1, level=level, resamples=resamples)
