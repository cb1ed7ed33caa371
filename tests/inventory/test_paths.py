"""Paths have the quantiles that they were made from, and go together as they were told to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, norm, spearmanr

from contracts.arrays import Floats
from inventory.base_stock import moments_of_quantiles
from inventory.paths import (
    correlation_by_lag,
    correlation_matrix,
    independent_scores,
    joint_scores,
    sample_paths,
    scores_of,
)

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])


def quantiles(seed: int, items: int = 4, horizon: int = 5) -> Floats:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.uniform(0.1, 4.0, (items, horizon, len(LEVELS))), axis=2)


def test_the_paths_of_a_period_have_its_quantiles_and_its_mean() -> None:
    points = quantiles(0)
    paths = sample_paths(LEVELS, points, independent_scores(5, 4096))
    found = np.quantile(paths, LEVELS, axis=1).transpose(1, 2, 0)
    np.testing.assert_allclose(found, points, rtol=0.02)
    mean, deviation = moments_of_quantiles(LEVELS, points)
    np.testing.assert_allclose(paths.mean(axis=1), mean, rtol=0.01)
    np.testing.assert_allclose(paths.std(axis=1), deviation, rtol=0.03)


def test_no_path_falls_below_nothing_and_zero_quantiles_are_zero() -> None:
    points = np.maximum(quantiles(1) - 5.0, 0.0)
    points[0] = 0.0
    paths = sample_paths(LEVELS, points, independent_scores(5))
    assert paths.min() == 0.0 and not paths[0].any()


def test_periods_go_together_as_the_correlation_says() -> None:
    matrix = correlation_matrix(0.6 ** np.arange(5))
    scores = joint_scores(matrix, 4096)
    np.testing.assert_allclose(np.corrcoef(scores.T), matrix, atol=0.02)
    paths = sample_paths(LEVELS, quantiles(2), scores)
    assert spearmanr(paths[0, :, 1], paths[0, :, 2])[0] == pytest.approx(6 / np.pi * np.arcsin(0.3), abs=0.03)


def test_the_same_seed_gives_the_same_paths() -> None:
    assert np.array_equal(independent_scores(3), independent_scores(3))
    assert not np.array_equal(independent_scores(3), independent_scores(3, seed=1))


@given(st.integers(0, 10_000))
def test_scores_are_the_inverse_of_paths(seed: int) -> None:
    points, scores = quantiles(seed), np.random.default_rng(seed).uniform(-3.4, 3.4, (6, 5))
    paths = sample_paths(LEVELS, points, scores)
    inside = paths > 0
    back = scores_of(LEVELS, np.repeat(points[:, None], 6, axis=1), paths)
    np.testing.assert_allclose(back[inside], np.broadcast_to(scores, paths.shape)[inside], atol=1e-6)


def test_scores_of_demand_that_follows_its_quantiles_are_normal() -> None:
    rng = np.random.default_rng(3)
    demand = rng.gamma(3.0, 2.0, 20_000)
    from scipy.stats import gamma

    points = np.broadcast_to(gamma(3.0, scale=2.0).ppf(LEVELS), (20_000, len(LEVELS)))
    scores = scores_of(LEVELS, points, demand)
    assert scores.mean() == pytest.approx(0.0, abs=0.05)
    assert scores.std() == pytest.approx(1.0, abs=0.05)


def test_a_slow_seller_without_sales_has_the_middle_of_what_zero_stands_for() -> None:
    points = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0]])
    # At least 0.5 of the probability lies at 0: the middle of 0 .. 0.5.
    assert scores_of(LEVELS, points, [0.0])[0] == pytest.approx(norm.ppf(0.25))
    assert scores_of(LEVELS, points, [1.5])[0] == pytest.approx((norm.ppf(0.75) + norm.ppf(0.9)) / 2)


def test_what_no_quantile_reaches_is_held_at_the_furthest_score() -> None:
    assert scores_of(LEVELS, np.zeros((1, 7)), [5.0])[0] >= norm.ppf(0.95)
    assert scores_of(LEVELS, quantiles(4)[:1, 0], [1e9])[0] == 3.5


def test_the_correlation_of_errors_is_that_of_the_copula_that_made_them() -> None:
    lags = np.array([1.0, 0.5, 0.4, 0.35, 0.3])
    rng = np.random.default_rng(5)
    scores = rng.multivariate_normal(np.zeros(5), correlation_matrix(lags), 20_000)
    known = rng.random(scores.shape) < 0.8
    np.testing.assert_allclose(correlation_by_lag(scores, known), lags, atol=0.02)


def test_few_pairs_are_hardly_believed_and_none_not_at_all() -> None:
    scores = np.ones((5, 3))
    found = correlation_by_lag(scores, np.ones((5, 3), bool))
    assert found.tolist() == pytest.approx([1.0, 10 / 110, 5 / 105])
    assert correlation_by_lag(scores, np.zeros((5, 3), bool)).tolist() == [1.0, 0.0, 0.0]


def test_pairs_more_alike_than_the_rest_are_no_more_than_equal() -> None:
    scores = np.full((2000, 3), 0.1)
    scores[:1000, :2] = 3.0
    known = np.ones((2000, 3), bool)
    known[:1000, 2] = known[1000:, 1] = False
    found = correlation_by_lag(scores, known)
    assert np.abs(found).max() <= 1.0
    joint_scores(correlation_matrix(found))


def test_whatever_was_measured_becomes_a_correlation() -> None:
    matrix = correlation_matrix([1.0, 0.9, -0.9, 0.9])
    assert np.linalg.eigvalsh(matrix).min() > 0
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    np.testing.assert_allclose(
        correlation_matrix([1.0, 0.5, 0.25]), 0.5 ** np.abs(np.subtract.outer(*[np.arange(3)] * 2))
    )
    joint_scores(matrix)
    for wrong in ([0.9, 0.1], [1.0, 1.5], [[1.0]]):
        with pytest.raises(ValueError, match="correlations by lag"):
            correlation_matrix(wrong)
    for none in (np.ones((2, 3)), [[1.0, 2.0], [2.0, 1.0]], [[2.0]]):
        with pytest.raises(ValueError, match="correlation"):
            joint_scores(none)


def test_sums_of_slow_sellers_are_as_wide_as_brute_force_says() -> None:
    """Counts of a shared rate: by the measured correlation the sum of five days has its spread, without it not."""
    rng = np.random.default_rng(6)
    rate = rng.gamma(4.0, 1.0, (40_000, 1))
    demand = rng.poisson(rate, (40_000, 5)).astype(float)
    points = np.broadcast_to(nbinom(4, 0.5).ppf(LEVELS), (*demand.shape, len(LEVELS)))
    by_lag = correlation_by_lag(scores_of(LEVELS, points, demand), np.ones(demand.shape, bool))
    joint = sample_paths(LEVELS, points[:1], joint_scores(correlation_matrix(by_lag), 4096)).sum(axis=2)
    alone = sample_paths(LEVELS, points[:1], independent_scores(5, 4096)).sum(axis=2)
    wanted = demand.sum(axis=1).std()
    assert joint.std() == pytest.approx(wanted, rel=0.1)
    assert alone.std() < 0.8 * wanted
