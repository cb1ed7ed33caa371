"""Is the demand model worse than seasonal naive in some store or category, or did it only have bad luck there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from components.model_gate import remedies
from components.model_gate.checks import at_least, decided, failed
from contracts.arrays import Floats
from contracts.records.checks import ModelCheck
from inventory.paired_ratio import Interval, paired_ratio

_SEED = 7


@dataclass(frozen=True)
class SeriesErrors:
    """Absolute errors of N series over their observed test periods, and the slices that they are in.

    Attributes:
        model: of the demand model, [N], units.
        seasonal_naive: of seasonal naive, [N], units.
        slices: by grouping, such as ``store_id``, the name of each series' slice, [N].
    """

    model: Floats
    seasonal_naive: Floats
    slices: Mapping[str, NDArray[Any]]


def worst_slice(
    model: str, errors: SeriesErrors, grouping: str, threshold: float, least_series: int, confidence: float
) -> ModelCheck:
    """The skill of the slice of one grouping that is the surest to lack it: the upper end of its interval counts.

    Proof of being worse is asked for, as an interval over the slice's series gives it; the more slices are looked
    at, the wider it is (Bonferroni), since one of many is low by chance. Slices of few series prove nothing on their
    own; the check over all series judges them too.

    Args:
        model: whose errors they are.
        errors: of all series.
        grouping: which slices.
        threshold: least skill, 1 - error / error of seasonal naive.
        least_series: a slice of fewer series is not judged on its own.
        confidence: that no slice is stopped by chance.
    """
    check = f"skill against seasonal naive in the worst {grouping}, upper end"
    of_series = errors.slices[grouping]
    if not len(of_series):
        return failed(check, model, "no series has observed demand to judge by")
    # Where seasonal naive was never wrong there is no ratio to its error.
    members = {str(name): found for name, found in pd.Series(of_series).groupby(of_series).indices.items()}
    judged = {
        name: found
        for name, found in members.items()
        if len(found) >= least_series and errors.seasonal_naive[found].sum() > 0
    }
    if not judged:
        largest = max(len(found) for found in members.values())
        return decided(
            check, model, f"not judged: no {grouping} has {least_series} series, the largest has {largest}"
        )
    # One end counts, so that beyond it lies all of what confidence leaves over.
    level = 1 - 2 * (1 - confidence) / len(judged)
    intervals = {
        name: paired_ratio(errors.model[found], errors.seasonal_naive[found], seed=_SEED, level=level)
        for name, found in judged.items()
    }
    worst = max(intervals, key=lambda name: intervals[name].low)
    note = _note(intervals[worst], len(judged[worst]), sorted(set(members) - set(judged)), least_series)
    skill, where = -intervals[worst].low, f"{grouping}={worst}"
    return at_least(check, model, skill, threshold, where, note, remedy=remedies.SLICE_SKILL)


def _note(ratio: Interval, series: int, others: list[str], least_series: int) -> str:
    text = (
        f"; its skill is {-ratio.estimate:.3g} ({-ratio.high:.3g} to {-ratio.low:.3g}) over {series:,} series"
    )
    if others:
        text += f"; not judged, with fewer than {least_series} series: {', '.join(others[:5])}"
        text += f" and {len(others) - 5:,} more" if len(others) > 5 else ""
    return text
