"""Distances of two distributions, and how large chance alone makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Integers

Distance = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.floating[Any]]]

DRAWS = 2000
_SEED = 7
_DRAWS_AT_ONCE = 200


def jensen_shannon(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Jensen-Shannon divergence in bits, 0 (alike) to 1 (disjoint), as TFDV defines it for numbers.

    Lin (1991), Divergence measures based on the Shannon entropy: the mean divergence from the midpoint.

    Args:
        left, right: counts, shape [..., bins]; neither without any count.
    """
    p, q = _shares(left), _shares(right)
    middle = (p + q) / 2
    divergence: NDArray[np.floating[Any]] = (_divergence(p, middle) + _divergence(q, middle)) / 2
    return divergence


def infinity_norm(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Largest difference of a value's share, 0 to 1, as TFDV defines it for texts; arguments as above."""
    largest: NDArray[np.floating[Any]] = np.abs(_shares(left) - _shares(right)).max(axis=-1)
    return largest


def _shares(counts: NDArray[Any]) -> NDArray[np.floating[Any]]:
    shares: NDArray[np.floating[Any]] = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-12)
    return shares


def _divergence(p: NDArray[np.floating[Any]], middle: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    ratio = np.divide(p, middle, out=np.ones_like(p), where=p > 0)
    divergence: NDArray[np.floating[Any]] = (p * np.log2(ratio)).sum(axis=-1)
    return divergence


def noise_allowance(
    old: NDArray[np.float32],
    new: NDArray[np.float32],
    distance: Distance,
    clusterings: Sequence[Integers],
    alpha: float,
) -> float:
    """The distance that chance alone exceeds with probability alpha, for samples just as large as these.

    The rows of one series are far from independent, and so are those of one product in several stores, so that no
    formula in the number of rows holds. But if nothing has changed, a cluster's old and new counts are
    exchangeable: swapping them leaves the distribution as it is. So the clusters' sides are swapped at random many
    times, and the allowance is the (1 - alpha) quantile of the distances that result: a paired permutation test
    (Pitman 1937; Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, on matched pairs). Of several
    clusterings the largest allowance counts. One with too few clusters to reach alpha, that is 2^(1-clusters) >
    alpha, can prove nothing and is left out; where all are left out, no distance is proof and the allowance is 1.

    Args:
        old, new: counts of each series, shape [series, bins].
        distance: of counts, shape [..., bins] to [...], at most 1.
        clusterings: cluster number of each series, shape [series] each.
        alpha: see above.
    """
    allowances = []
    for cluster in clusterings:
        count = int(cluster.max()) + 1 if len(cluster) else 0
        if count == 0 or 2.0 ** (1 - count) > alpha:
            continue
        total, change = np.zeros((2, count, old.shape[1]), np.float32)
        np.add.at(total, cluster, old + new)
        np.add.at(change, cluster, new - old)
        allowances.append(_quantile(total.sum(axis=0), change, distance, alpha))
    return max(allowances, default=1.0)


def _quantile(
    total: NDArray[np.float32], change: NDArray[np.float32], distance: Distance, alpha: float
) -> float:
    random = np.random.default_rng(_SEED)
    distances = []
    for _ in range(DRAWS // _DRAWS_AT_ONCE):
        signs = random.choice(np.array([-1, 1], np.float32), size=(_DRAWS_AT_ONCE, len(change)))
        swapped = signs @ change
        distances.append(distance((total - swapped) / 2, (total + swapped) / 2))
    return float(np.quantile(np.concatenate(distances), 1 - alpha))
