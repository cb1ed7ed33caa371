"""Numbers that do not move: no sales where sales were certain, and the same sales again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.arrays import Flags, Floats, Integers
from inventory.detection.evidence import Evidence
from inventory.detection.grouping import summed

_FEWEST_SERIES = 3
"""Of a store, below which its numbers may well be equal."""


@dataclass(frozen=True)
class Runs:
    """The run of each series that ends with the span, [N].

    Attributes:
        p_values: of one as unlikely; 1 where there is none.
        begins: index of its first period.
    """

    p_values: Floats
    begins: Integers


def silent_runs(evidence: Evidence, correlation: float) -> Runs:
    """Periods without sales up to the end of the span, in stock throughout; what is not judged is passed over."""
    zero = evidence.judged & (evidence.units == 0)
    return _runs(zero, ~evidence.judged, np.log(np.maximum(evidence.silent, 1e-300)), correlation, 1)


def repeated_runs(evidence: Evidence, correlation: float) -> Runs:
    """Periods up to the end of the span that sold exactly what the period before each of them sold, and not nothing."""
    known = evidence.known
    same = np.zeros(known.shape, bool)
    same[:, 1:] = known[:, 1:] & known[:, :-1] & (evidence.units[:, 1:] == evidence.units[:, :-1])
    same &= evidence.units > 0
    return _runs(same, np.zeros(known.shape, bool), evidence.log_same, correlation, 2)


def _runs(inside: Flags, skipped: Flags, logs: Floats, correlation: float, shortest: int) -> Runs:
    """Runs of ``inside`` at the end; the events of runs of each length are nested, so their probability is a p-value.

    Probabilities multiply where periods are independent; where they are not, n of them count as
    n / (1 + (n - 1) correlation), as of a mean.
    """
    going = inside | skipped
    unbroken = np.flip(np.logical_and.accumulate(np.flip(going, axis=1), axis=1), axis=1) & inside
    count = unbroken.sum(axis=1)
    weighed = np.where(unbroken, logs, 0.0).sum(axis=1) / (1 + np.maximum(count - 1, 0) * correlation)
    p_values = np.where(count >= shortest, np.exp(weighed), 1.0)
    return Runs(p_values, np.where(count > 0, unbroken.argmax(axis=1), inside.shape[1] - 1))


@dataclass(frozen=True)
class StoreDays:
    """Of each store and period, [G, H].

    Attributes:
        empty: p-values of all of its series having sold nothing; 1 where one has.
        repeated: the same of all having sold what they had sold the period before.
    """

    empty: Floats
    repeated: Floats


def frozen_stores(evidence: Evidence, store: Integers, correlation: float) -> StoreDays:
    """How unlikely it is that a whole store sold nothing, or exactly the same once more.

    Args:
        store: number of each series' store, 0 .. G - 1, [N].
        correlation: of two series of a store in one period.
    """
    units, known = evidence.units, evidence.known
    before = np.zeros(known.shape, bool)
    before[:, 1:] = known[:, 1:] & known[:, :-1]
    same = before.copy()
    same[:, 1:] &= units[:, 1:] == units[:, :-1]
    sold = before & (units > 0)
    silent = np.log(np.maximum(evidence.silent, 1e-300))
    empty = _of_all(units == 0, known, silent, store, correlation)
    repeated = _of_all(same, before, evidence.log_same, store, correlation)
    # What repeats is more than nothing.
    return StoreDays(empty, np.where(summed(sold, store) > 0, repeated, 1.0))


def _of_all(is_so: Flags, asked: Flags, logs: Floats, store: Integers, correlation: float) -> Floats:
    count = summed(asked, store)
    all_so = (summed(asked & is_so, store) == count) & (count >= _FEWEST_SERIES)
    weighed = summed(np.where(asked, logs, 0.0), store) / (1 + np.maximum(count - 1, 0) * correlation)
    return np.where(all_so, np.exp(weighed), 1.0)
