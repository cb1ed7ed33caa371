"""The distribution of demand against SciPy's, and its scores against what is uniform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from contracts.arrays import Floats
from inventory.detection.calibration import (
    KNOTS,
    Calibration,
    by_group,
    correlation,
    correlation_across,
    counting_step,
    mapped,
    tail_map,
)
from inventory.detection.distribution import Demand
from inventory.detection.evidence import normal_scores, weigh

UNITS = np.arange(0.0, 400.0)[None, :].repeat(3, axis=0)
MEAN, SIZE, ZERO = (
    np.array([[0.02], [3.0], [150.0]]),
    np.array([[0.3], [2.0], [40.0]]),
    np.array([[0.0], [0.4], [0.1]]),
)
DEMAND = Demand(
    np.broadcast_to(MEAN, UNITS.shape), np.broadcast_to(SIZE, UNITS.shape), np.broadcast_to(ZERO, UNITS.shape)
)
RIGHT = Calibration(np.log(KNOTS), np.log(KNOTS), 0.0, (0.0,) * 3, (0.0,) * 3)
"""Of a model that is right."""


def drawn(demand: Demand, rng: np.random.Generator) -> Floats:
    rate = rng.gamma(demand.size, demand.mean / demand.size)
    return np.where(rng.random(rate.shape) < demand.zero, 0.0, rng.poisson(rate)).astype(np.float64)


def test_probabilities_are_those_of_scipy() -> None:
    counted = stats.nbinom(SIZE, SIZE / (SIZE + MEAN))
    whole = ZERO * (UNITS == 0) + (1 - ZERO) * counted.pmf(UNITS)
    np.testing.assert_allclose(np.exp(DEMAND.log_probability(UNITS)), whole, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(DEMAND.at_most(UNITS), ZERO + (1 - ZERO) * counted.cdf(UNITS), rtol=1e-9)
    above = np.where(UNITS > 0, (1 - ZERO) * counted.sf(UNITS - 1), 1.0)
    np.testing.assert_allclose(DEMAND.at_least(UNITS), above, rtol=1e-7, atol=1e-300)
    assert DEMAND.at_least(UNITS).min() < 1e-60
    np.testing.assert_allclose(DEMAND.expected, (1 - ZERO) * MEAN * np.ones_like(UNITS))


def test_of_parts_of_a_unit_the_whole_ones_within_them_count() -> None:
    np.testing.assert_array_equal(DEMAND.at_most(UNITS + 0.4), DEMAND.at_most(UNITS))
    np.testing.assert_array_equal(DEMAND.at_least(UNITS - 0.4), DEMAND.at_least(UNITS))


def test_what_is_weighed_is_counted_in_its_steps() -> None:
    weighed = Demand(DEMAND.mean, DEMAND.size, DEMAND.zero, 0.1)
    decimal = np.round(UNITS * 0.1, 1).astype(np.float32).astype(np.float64)
    for name in ("at_most", "at_least", "log_probability"):
        np.testing.assert_array_equal(getattr(weighed, name)(decimal), getattr(DEMAND, name)(UNITS))
    np.testing.assert_allclose(weighed.expected, DEMAND.expected / 10)


@pytest.mark.parametrize(
    ("units", "step"), [([3, 0, 7], 1.0), ([0.5, 3], 0.5), ([0.3, 1.7, 2], 0.1), ([0.123], 0.001), ([0], 1.0)]
)
def test_the_step_is_the_largest_in_which_sales_are_whole(units: list[float], step: float) -> None:
    assert counting_step(np.array(units, np.float32).astype(np.float64)) == step
    assert counting_step(np.array([*[1.0] * 99, 0.37])) == 1.0


@pytest.mark.parametrize("mean", [0.05, 1.0, 30.0])
def test_scores_drawn_within_the_jumps_are_normal(mean: float) -> None:
    rng = np.random.default_rng(4)
    shape = (20_000, 1)
    demand = Demand(np.full(shape, mean), np.full(shape, 1.5), np.full(shape, 0.2))
    scores = normal_scores(demand, RIGHT, drawn(demand, rng), rng.random(shape))
    assert stats.kstest(scores[:, 0], "norm").pvalue > 0.001


@pytest.mark.parametrize("power", [0.5, 1.0, 1.6])
def test_a_map_says_what_wrong_tails_are_worth(power: float) -> None:
    """Of a model whose tail probabilities are a power of the right ones."""
    rng = np.random.default_rng(5)
    worth = tail_map(rng.random(200_000) ** power)
    right = np.array([0.9, 0.3, 0.05, 0.004])
    np.testing.assert_allclose(mapped(right**power, worth), right, rtol=0.1)
    # Beyond what has been seen, never further out by more than an extrapolation may err.
    assert mapped(np.array([1e-12]), worth)[0] >= 0.1 * (1e-12) ** (1 / power)


def test_a_map_rises_and_needs_periods() -> None:
    rng = np.random.default_rng(6)
    tails = np.logspace(-40, 0, 400)
    for probabilities in (rng.random(50), np.full(50, 0.5), np.zeros(50), np.ones(50)):
        worth = mapped(tails, tail_map(probabilities))
        assert (np.diff(worth) > 0).all() and worth[-1] == 1
    with pytest.raises(ValueError, match="too few"):
        tail_map(np.array([0.5]))


def test_a_calibration_comes_back_from_its_vector() -> None:
    kept = Calibration(np.log(KNOTS), np.log(KNOTS) - 1.0, 0.1, (0.2, 0.3, 0.4), (0.5, 0.6, 0.7), 0.1)
    back = Calibration.from_array(kept.to_array())
    np.testing.assert_array_equal(back.to_array(), kept.to_array())
    assert (back.across, back.group, back.step) == (kept.across, kept.group, kept.step)


def test_correlations_are_those_that_were_put_in() -> None:
    rng = np.random.default_rng(7)
    level = rng.normal(size=(4000, 1))
    scores = np.sqrt(0.3) * level + np.sqrt(0.7) * rng.normal(size=(4000, 10))
    there = rng.random(scores.shape) < 0.8
    assert correlation(scores, there) == pytest.approx(0.3, abs=0.02)
    # The same numbers as 4000 groups of ten series in one period each.
    column, known = scores.reshape(-1, 1), there.reshape(-1, 1)
    group = np.repeat(np.arange(4000), 10)
    assert correlation_across(column, known, group) == pytest.approx(correlation(scores, there), rel=1e-9)
    of_groups, has_any = by_group(column, known, group, 0.3)
    assert of_groups[has_any].std() == pytest.approx(1.0, abs=0.05)


def test_what_ran_out_tells_of_the_upper_tail_alone() -> None:
    units = np.array([[0.0, 90.0, 0.0]])
    demand = Demand(np.full(units.shape, 9.0), np.full(units.shape, 2.0), np.zeros(units.shape))
    judged, known = np.array([[False, False, True]]), np.array([[True, True, True]])
    evidence = weigh(demand, RIGHT, units, judged, known)
    assert evidence.scores[0, 0] == evidence.scores[0, 1] == 0 and evidence.scores[0, 2] < -1
    assert evidence.upper[0, 0] == 1 and evidence.upper[0, 1] < 1e-4
    nothing = evidence.without(np.ones(units.shape, bool))
    assert (nothing.upper == 1).all() and not nothing.judged.any() and not nothing.scores.any()
