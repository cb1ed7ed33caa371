"""The chart against published figures and against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.operations.retraining.sequential_test import ALLOWANCE, chart, limit_of, noise_of


@pytest.mark.parametrize(("limit", "run_length"), [(4, 168), (5, 465)])
def test_limits_are_those_of_the_textbook(limit: float, run_length: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, table of one-sided CUSUM, k = 0.5: half of two-sided."""
    assert limit_of(2 * run_length) == pytest.approx(limit, abs=0.05)


def test_false_alarms_are_as_far_apart_as_was_asked_for() -> None:
    """By the recursion itself, on many charts side by side."""
    random, wanted, charts = np.random.default_rng(1), 60.0, 2000
    sums, lengths = np.zeros(charts), np.zeros(charts)
    going = np.ones(charts, bool)
    for _ in range(1500):
        sums = np.maximum(0, sums + np.clip(random.normal(size=charts), -3, 3) - ALLOWANCE)
        lengths += going
        going &= sums <= limit_of(wanted)
    assert not going.any()
    assert lengths.mean() == pytest.approx(wanted, rel=0.15)


def test_the_sum_is_the_largest_of_all_ends_of_the_row() -> None:
    figures = np.random.default_rng(2).normal(0.3, 1, 40)
    steps = np.clip(figures / 2.0, -3, 3) - ALLOWANCE
    ends = [steps[start:].sum() for start in range(len(steps) + 1)]
    assert chart(figures, 2.0, 100).statistic == pytest.approx(max(ends))


def test_one_outrageous_period_does_not_ring() -> None:
    assert not chart(np.array([0.0, 0.0, 1e6]), 1.0, 365).rings


def test_noise_is_blind_to_weekdays_and_to_one_shift_and_sees_dependence() -> None:
    random, n = np.random.default_rng(3), 2000
    plain = random.normal(0, 0.1, n)
    weekdays = 5.0 * (np.arange(n) % 7 == 6)
    shifted = plain + weekdays + 3.0 * (np.arange(n) > n // 2)
    assert noise_of(shifted, 7) == pytest.approx(0.1, rel=0.12)
    dependent = np.zeros(n)
    for i in range(1, n):
        dependent[i] = 0.6 * dependent[i - 1] + plain[i]
    # The deviation of a long sum of an AR(1), per root of its length: sigma / (1 - phi).
    assert noise_of(dependent, 7) == pytest.approx(0.1 / 0.4, rel=0.25)


def test_a_figure_that_never_moves_has_no_noise() -> None:
    assert noise_of(np.ones(30), 7) == 0.0
