"""Distances and the noise allowance, against loops and a full enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.data_gate.noise import infinity_norm, jensen_shannon, noise_allowance

COUNTS = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)


@given(COUNTS, COUNTS)
def test_jensen_shannon_is_the_mean_divergence_from_the_midpoint(left: list[int], right: list[int]) -> None:
    p, q = [[x / sum(side) for x in side] for side in (left, right)]
    expected = 0.0
    for a, b in zip(p, q, strict=True):
        for share in (a, b):
            if share:
                expected += share * math.log2(share / ((a + b) / 2)) / 2
    assert jensen_shannon(np.array(left), np.array(right)) == pytest.approx(expected, abs=1e-9)


@given(COUNTS, COUNTS)
def test_both_distances_are_symmetric_and_within_bounds(left: list[int], right: list[int]) -> None:
    a, b = np.array(left), np.array(right)
    for distance in (jensen_shannon, infinity_norm):
        assert distance(a, b) == pytest.approx(distance(b, a))
        assert -1e-12 <= distance(a, b) <= 1 + 1e-12
        assert distance(a, 3 * a) == pytest.approx(0, abs=1e-12)


def test_disjoint_distributions_are_one_apart() -> None:
    a, b = np.array([4, 0]), np.array([0, 9])
    assert jensen_shannon(a, b) == infinity_norm(a, b) == 1


def test_the_allowance_is_the_quantile_of_all_swaps() -> None:
    random = np.random.default_rng(1)
    old, new = random.poisson(3, (2, 11, 5)).astype(np.float32)
    distances = []
    for swap in itertools.product([False, True], repeat=11):
        chosen = np.array(swap)[:, None]
        left, right = np.where(chosen, new, old), np.where(chosen, old, new)
        distances.append(float(jensen_shannon(left.sum(axis=0), right.sum(axis=0))))
    found = noise_allowance(old, new, jensen_shannon, [np.arange(11)], alpha=0.1)
    assert found == pytest.approx(np.quantile(distances, 0.9), rel=0.1)


def test_it_is_exceeded_no_more_often_than_alpha_where_nothing_has_changed() -> None:
    """Rows of one series repeat each other ten times, as prices do: what counts is the series."""
    random = np.random.default_rng(2)
    exceeded = 0
    for _ in range(200):
        old, new = 10 * random.multinomial(1, [0.25] * 4, size=(2, 30)).astype(np.float32)
        value = jensen_shannon(old.sum(axis=0), new.sum(axis=0))
        exceeded += int(value > noise_allowance(old, new, jensen_shannon, [np.arange(30)], alpha=0.05))
    assert exceeded <= 20  # 10 are expected; more than 20 have a probability of 0.1%.


def test_too_few_clusters_prove_nothing() -> None:
    old, new = np.array([[5, 0]] * 6, np.float32), np.array([[0, 5]] * 6, np.float32)
    assert noise_allowance(old, new, jensen_shannon, [np.arange(6)], alpha=0.002) == 1.0


def test_the_coarsest_clustering_that_can_tell_counts() -> None:
    random = np.random.default_rng(3)
    common = random.integers(0, 2, 12)
    old = np.eye(2, dtype=np.float32)[np.repeat(common, 10)]
    new = np.eye(2, dtype=np.float32)[np.repeat(random.permutation(common), 10)]
    series, product = np.arange(120), np.repeat(np.arange(12), 10)
    alone = noise_allowance(old, new, jensen_shannon, [series], 0.01)
    assert noise_allowance(old, new, jensen_shannon, [series, product], 0.01) > alone
