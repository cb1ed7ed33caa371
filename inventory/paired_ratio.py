"""Is one policy cheaper than another, or did it only have luck with a few series?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from contracts.arrays import Floats

_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Interval:
    """An estimate with the ends of its confidence interval."""

    estimate: float
    low: float
    high: float


def paired_ratio(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Interval of sum(candidate) / sum(baseline) - 1 under resampling of series.

    Series are drawn with replacement and both costs of a drawn series go together, so what moves both (a dear
    product, a bad week) cancels out (paired percentile bootstrap: Efron and Tibshirani 1993, chapter 13).

    Args:
        candidate: cost of each series, [N], money.
        baseline: the same of what it is compared with, [N].
        seed: the resamples follow from it.
        resamples: how many are drawn.
        level: probability that the interval is to cover.

    Returns:
        The ratio of all series, and the ends of the interval; -0.1 is 10 % cheaper.

    Raises:
        ValueError: there is no series, the shapes differ, a cost is not finite, the baseline costs nothing, the level
            is no probability, or nothing is drawn.
    """
    if not 0 < level < 1 or resamples < 1:
        raise ValueError("level must lie between 0 and 1, and resamples be 1 or more")
    costs = np.stack([np.asarray(candidate, np.float64), np.asarray(baseline, np.float64)], axis=1)
    if costs.ndim != 2 or not len(costs):
        raise ValueError("a paired bootstrap needs the cost of at least one series")
    if not np.all(np.isfinite(costs)):
        raise ValueError("costs must be finite")
    if costs[:, 1].sum() <= 0:
        raise ValueError("the baseline costs nothing, so there is no ratio to it")
    # SciPy draws from two series or more; every resample of one has its ratio.
    pair = np.repeat(costs, 2, axis=0) if len(costs) == 1 else costs
    drawn = stats.bootstrap(
        (pair[:, 0], pair[:, 1]),
        _sums,
        n_resamples=resamples,
        batch=max(1, _CELLS_AT_ONCE // len(pair)),
        paired=True,
        vectorized=True,
        method="percentile",
        random_state=np.random.default_rng(seed),
    )
    sums = drawn.bootstrap_distribution
    # A resample of series that all cost nothing says nothing about the ratio.
    sums = sums[:, sums[1] > 0]
    low, high = np.quantile(sums[0] / sums[1] - 1, [(1 - level) / 2, (1 + level) / 2])
    total = costs.sum(axis=0)
    return Interval(float(total[0] / total[1] - 1), float(low), float(high))


def _sums(candidate: Floats, baseline: Floats, axis: int) -> Floats:
    return np.stack([candidate.sum(axis), baseline.sum(axis)])
