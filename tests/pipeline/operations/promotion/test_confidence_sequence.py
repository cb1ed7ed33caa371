"""The interval that may be looked at as often as one likes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from pipeline.operations.promotion.confidence_sequence import confidence_sequence

figures = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30).filter(lambda found: np.std(found) > 1e-3)


def test_the_evidence_is_the_averaged_ratio_of_likelihoods() -> None:
    """Against numerical integration: of the t statistic's density with a mean that lies N(0, 1) spreads away."""
    found = np.array([1.2, 0.4, 2.2, -0.3, 1.7])
    count = len(found)
    t = math.sqrt(count) * found.mean() / found.std(ddof=1)

    def density(away: float) -> float:
        return float(stats.nct.pdf(t, count - 1, away * math.sqrt(count)) * stats.norm.pdf(away))

    averaged, _ = integrate.quad(density, -8, 8)
    evidence = math.log(averaged / stats.t.pdf(t, count - 1))
    assert confidence_sequence(found, 0.05).evidence == pytest.approx(evidence, abs=1e-6)


@given(figures, st.floats(0.001, 0.5), st.floats(0.01, 100))
def test_zero_is_outside_where_the_evidence_says_so_in_any_unit(
    values: list[float], error: float, unit: float
) -> None:
    found = np.array(values)
    made, scaled = confidence_sequence(found, error), confidence_sequence(found * unit, error)
    if abs(made.evidence - made.limit) > 1e-6:
        assert made.outside == (made.low > 0 or made.high < 0)
    assert scaled.evidence == pytest.approx(made.evidence, rel=1e-6, abs=1e-6)
    assert made.low <= made.mean <= made.high
    # The interval's ends are where the evidence against them reaches the limit.
    if math.isfinite(made.low):
        at_end = confidence_sequence(found - made.low, error)
        assert at_end.evidence == pytest.approx(made.limit, rel=1e-3, abs=1e-3)


def test_whoever_looks_at_every_figure_errs_no_more_often_than_stated() -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(400):
        values = random.normal(0, 3, 40)
        wrong += any(confidence_sequence(values[:n], 0.1).outside for n in range(2, 41))
    # 0.1 of 400 are 40; six standard errors above would be 76.
    assert 0 < wrong <= 55


def test_too_little_is_no_interval() -> None:
    for values in ([3.0], [3.0, 3.0], [0.0, 0.0, 0.0]):
        found = confidence_sequence(np.array(values), 0.05)
        assert (found.evidence, found.low, found.high) == (0.0, -math.inf, math.inf) and not found.outside
    with pytest.raises(ValueError, match="needs a figure"):
        confidence_sequence(np.array([]), 0.05)
