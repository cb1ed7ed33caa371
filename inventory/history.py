"""What a demand history says of the time to come: lone peaks do not come back, and what there was at most."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats


def peak_limits(units: ArrayLike, counted: ArrayLike, spared: ArrayLike, multiple: float) -> Floats:
    """What a period of each series counts for at most: a multiple of the mean of its other periods with sales.

    Where one period sold more than that, it is taken down to the limit. Several such peaks do not hide each other: the
    k that are cut all stand at the limit, which is the multiple of the mean of the k - 1 others at the limit and of
    what the remaining periods sold. As soon as so many periods sold so much that no such limit lies below them, they
    are no peaks but demand.

    Args:
        units: sold in each period, 0 or more, [N, T].
        counted: where units are known, bool, [N, T].
        spared: periods that are never cut, such as promotions, bool, [N, T].
        multiple: more than 1.

    Returns:
        Units, [N]; infinite where no period is above its limit, as with less than two periods with sales.
    """
    units = np.asarray(units, dtype=np.float64)
    sold = np.asarray(counted, dtype=bool) & (units > 0)
    spared = np.asarray(spared, dtype=bool)
    own = np.where(sold & ~spared, units, 0.0)
    number, highest = sold.sum(axis=1), own.max(axis=1, initial=0.0)
    rest = np.where(sold, units, 0.0).sum(axis=1) - highest
    limits = np.full(len(units), np.inf)
    # If the highest period stands within its limit, so do all others: nearly every series ends here.
    peaked = np.flatnonzero((number > 1) & (highest * (number - 1) > multiple * rest))
    if not peaked.size:
        return limits
    values = -np.sort(-own[peaked], axis=1)
    values = np.concatenate([values, np.zeros((peaked.size, 1))], axis=1)
    # Summed from the small end, so that a huge peak does not swallow the digits of the others.
    below = np.cumsum(values[:, ::-1], axis=1)[:, ::-1][:, 1:]
    below += np.where(sold & spared, units, 0.0)[peaked].sum(axis=1, keepdims=True)
    others = number[peaked, None] - 1 - multiple * np.arange(units.shape[1])
    limit = np.divide(multiple * below, others, out=np.full(below.shape, np.inf), where=others > 0)
    cut = (values[:, 1:] <= limit).argmax(axis=1)
    limits[peaked] = limit[np.arange(peaked.size), cut]
    return limits


def largest_stretch(units: ArrayLike, observed: ArrayLike, interval: ArrayLike) -> Floats:
    """Most units in any ``interval`` periods in a row, [N].

    Of a series with fewer observed periods than that, all its units, and as much again for the periods that lack.

    Args:
        units: of each period, 0 where unknown, [N, T].
        observed: mask of the periods whose units are known, [N, T].
        interval: periods, 1 or more, [N].
    """
    units, observed, length = np.asarray(units, np.float64), np.asarray(observed, bool), np.asarray(interval)
    count, periods = units.shape
    width = np.minimum(length, periods)[:, None]
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(units, axis=1)], axis=1)
    ends = np.minimum(np.arange(periods) + width, periods)
    most = (np.take_along_axis(sums, ends, axis=1) - sums[:, :-1]).max(axis=1)
    share = np.maximum(observed.sum(axis=1), 1) / length
    return np.asarray(most / np.minimum(share, 1.0))
