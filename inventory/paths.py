"""Demand as joint sample paths: the quantiles of single periods, joined by a Gaussian copula.

Orders need the distribution of sums, and of what is left on the way to them; quantiles of single periods say neither,
since errors of one series go together: where one day sells more than was forecast, so does the next. The copula of
their normal scores holds how much (Nelsen 2006, An Introduction to Copulas, 2.3; for demand paths from quantiles see
Wen and Torkkola 2019, arXiv:1907.10697).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from contracts.arrays import Floats

PATHS = 256
"""Paths of a series; a power of two, as Sobol points ask for."""

_FURTHEST = 3.5
"""Scores beyond so many deviations are held there: one in four thousand, a guess beyond the outermost quantiles."""

_PAIRS_HALVING = 100.0
"""Pairs of periods at which half of a measured correlation is believed."""


def independent_scores(periods: int, paths: int = PATHS, seed: int = 0) -> Floats:
    """Normal scores that fill [paths, periods] evenly: scrambled Sobol points; the same for the same seed."""
    points = qmc.Sobol(periods, seed=seed).random(paths)
    return np.asarray(np.clip(ndtri(points), -_FURTHEST, _FURTHEST))


def joint_scores(correlation: ArrayLike, paths: int = PATHS, seed: int = 0) -> Floats:
    """Normal scores [paths, H] with a correlation [H, H] between the periods.

    Raises:
        ValueError: the correlation is none: not square, not symmetric, not 1 on its diagonal, or not positive definite.
    """
    matrix = np.asarray(correlation, dtype=np.float64)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    if not square or not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1.0):
        raise ValueError("a correlation is a square, symmetric matrix with ones on its diagonal")
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError("the correlation is not positive definite") from error
    return np.clip(independent_scores(len(matrix), paths, seed) @ factor.T, -_FURTHEST, _FURTHEST)


def path_scores(by_lag: Sequence[float], periods: int) -> Floats:
    """Normal scores [256, periods] of periods that go together as the correlation by lag says; empty: not at all."""
    return joint_scores(correlation_matrix(by_lag)) if len(by_lag) else independent_scores(periods)


def sample_paths(quantile_levels: ArrayLike, quantiles: ArrayLike, scores: ArrayLike) -> Floats:
    """Demand of each series along each path, units, [N, S, H].

    The quantile function of a period is drawn as straight lines over the normal score between the given points, the
    outermost of which run on, and is never below 0: as in ``inventory.base_stock.moments_of_quantiles``.

    Args:
        quantile_levels: Q rising probabilities, at least 2.
        quantiles: units, [N, H, Q], not falling along Q.
        scores: of ``joint_scores``, [S, H], the same for all series.
    """
    points, at = np.asarray(quantiles, dtype=np.float64), np.asarray(scores, dtype=np.float64).T
    z = ndtri(np.asarray(quantile_levels, dtype=np.float64))
    line = np.clip(np.searchsorted(z, at) - 1, 0, len(z) - 2)
    share = (at - z[line]) / (z[line + 1] - z[line])
    # Each value is a mean of two quantiles, weighted alike in all series: one product of matrices a period.
    weights = np.zeros((*at.shape, len(z)))
    np.put_along_axis(weights, line[..., None], 1.0 - share[..., None], axis=2)
    np.put_along_axis(weights, line[..., None] + 1, share[..., None], axis=2)
    found = np.maximum(points.transpose(1, 0, 2) @ weights.transpose(0, 2, 1), 0.0)
    return np.asarray(found.transpose(1, 2, 0))


def scores_of(quantile_levels: ArrayLike, quantiles: ArrayLike, demand: ArrayLike) -> Floats:
    """Normal scores of what came under the quantiles that were forecast; the inverse of ``sample_paths``.

    Demand that several quantiles share, as 0 of a slow seller, has the score of the middle of their probabilities.

    Args:
        quantile_levels: Q rising probabilities.
        quantiles: units, [..., Q], not falling along Q.
        demand: units, [...].

    Returns:
        [...], within 3.5 deviations.
    """
    levels = np.asarray(quantile_levels, dtype=np.float64)
    points, units = np.asarray(quantiles, np.float64), np.asarray(demand, np.float64)[..., None]
    z = ndtri(levels)
    below, up_to = (points < units).sum(axis=-1), (points <= units).sum(axis=-1)
    line = np.clip(below - 1, 0, len(z) - 2)[..., None]
    low, high = (np.take_along_axis(points, line + i, axis=-1)[..., 0] for i in (0, 1))
    flat = high <= low
    slope = np.where(flat, 1.0, high - low) / (z[line[..., 0] + 1] - z[line[..., 0]])
    between = z[line[..., 0]] + (units[..., 0] - low) / slope
    # Nothing lies below 0 units: all of the probability up to there belongs to them.
    lowest = np.where(
        below == 0, np.where(units[..., 0] <= 0, 0.0, levels[0]), levels[np.minimum(below, len(z) - 1)]
    )
    shared = ndtri(
        np.clip((lowest + levels[np.maximum(up_to, 1) - 1]) / 2, ndtr(-_FURTHEST), ndtr(_FURTHEST))
    )
    outside = np.where(below == 0, z[0], z[-1])
    found = np.where(up_to > below, shared, np.where(flat, outside, between))
    return np.clip(found, -_FURTHEST, _FURTHEST)


def correlation_by_lag(scores: ArrayLike, known: ArrayLike) -> Floats:
    """Correlation of the errors of one series' periods, by how far they lie apart, [H]; 1 at lag 0.

    Args:
        scores: of ``scores_of``, [N, H], N forecasts.
        known: where demand was seen, [N, H] of bool.

    Returns:
        The mean product of the scores of two periods over the mean square of one, drawn to 0 where pairs are few.
    """
    mask = np.asarray(known, dtype=bool)
    z = np.where(mask, np.asarray(scores, dtype=np.float64), 0.0)
    horizon = z.shape[1]
    square = (z**2).sum() / max(mask.sum(), 1)
    found = np.zeros(horizon)
    for lag in range(1, horizon):
        pairs = float((mask[:, lag:] & mask[:, :-lag]).sum())
        product = (z[:, lag:] * z[:, :-lag]).sum() / max(pairs, 1.0)
        found[lag] = product / square * pairs / (pairs + _PAIRS_HALVING) if square > 0 else 0.0
    found[0] = 1.0
    # Pairs are some of the periods that the mean square is of, and may be more alike than all of them.
    return np.clip(found, -1.0, 1.0)


def correlation_matrix(by_lag: ArrayLike) -> NDArray[np.float64]:
    """The nearest correlation [H, H] with these values along its diagonals that is positive definite.

    Raises:
        ValueError: the value at lag 0 is not 1, or another lies outside -1..1.
    """
    lags = np.asarray(by_lag, dtype=np.float64)
    if lags.ndim != 1 or lags[0] != 1.0 or not np.all(np.abs(lags) <= 1.0):
        raise ValueError("correlations by lag begin with 1 and lie between -1 and 1")
    steps = np.arange(len(lags))
    matrix = lags[np.abs(steps[:, None] - steps[None, :])]
    values, vectors = np.linalg.eigh(matrix)
    positive = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(positive))
    return np.asarray(positive / scale[:, None] / scale[None, :])


def mean_weights(levels: Sequence[float]) -> Floats:
    """Weights of quantiles that give the mean: the area under the quantile function, shape [Q].

    Straight between two levels; beyond the outermost it goes on to the median of what lies there, as steep as before.
    """
    level = np.asarray(levels, dtype=np.float64)
    if len(level) == 1:
        return np.ones(1)
    step = np.diff(level)
    weights = np.zeros(len(level))
    weights[:-1] += step / 2
    weights[1:] += step / 2
    for end, inner, tail, reach in ((0, 1, level[0], step[0]), (-1, -2, 1 - level[-1], step[-1])):
        beyond = tail * min(tail / 2 / reach, 1.0)
        weights[end] += tail + beyond
        weights[inner] -= beyond
    return weights
