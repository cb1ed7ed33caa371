"""Newest units and prices out of all proportion to those before of their series: a slip of the pen, a bulk sale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data_gate.batch_rows import SERIES, BatchRows, weeks_to_compare
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.arrays import Flags, Floats
from contracts.records.checks import FeatureCheck

FEATURES = ("units_sold", "unit_price")
_TELLING = 4
"""Earlier values, of units those above 0, that a series needs to be compared with."""
_TOP = 0.999
WEEKS = 13
"""Of earlier values that newer ones are held against."""


def proportion_findings(new: BatchRows, old: BatchRows | None, limits: Limits) -> list[FeatureCheck]:
    """One for each of FEATURES: the newest weeks' rows against the earlier ones of their series."""
    weeks = weeks_to_compare(new, old) if old is not None else 1
    begin = new.last_day - 7 * WEEKS
    reaches_back = old is None or new.frame["date"].min() <= begin
    history = new.merged(None if reaches_back else old, FEATURES, begin)
    series = history.groupby(SERIES, sort=False).ngroup().to_numpy()
    recent = (history["date"] > new.last_day - 7 * weeks).to_numpy()
    findings = []
    for name in FEATURES:
        if name in history and pd.api.types.is_numeric_dtype(history[name]):
            times = out_of_proportion(name, history[name].to_numpy(np.float64), series, recent)
            indices = np.flatnonzero(times > limits.proportion)
            findings.append(proportion_finding(name, times[indices], history.iloc[indices], limits))
    return findings


def proportion_finding(name: str, times: Floats, rows: pd.DataFrame, limits: Limits) -> FeatureCheck:
    """Args: times: how many times as large or small each of the rows beyond the limit is."""
    against = "the largest of their series" if name == "units_sold" else "the usual of their series"
    reason = f"newest values beyond {limits.proportion:g} times {against} before; rows: {len(rows)}"
    largest = rows.iloc[np.argsort(-times, kind="stable")]
    value = float(times.max()) if len(times) else None
    return feature_check(
        "out_of_proportion",
        name,
        len(rows) > 0,
        reason,
        value,
        limits.proportion,
        example_rows(largest, name),
    )


class UsualTop:
    """What all but a thousandth of many earlier units stay within, from their largest alone.

    The linear quantile of NumPy, of values that come part by part and are not all held.
    """

    def __init__(self, at_most: int) -> None:
        """Args: at_most: no more values than that will come."""
        self._kept = int((1 - _TOP) * at_most) + 3
        self._largest: Floats = np.empty(0)
        self._count = 0

    def add(self, values: Floats, recent: Flags) -> None:
        """Takes the earlier values above 0 of a part; NaN where unknown, [n]."""
        earlier = values[(values > 0) & ~recent]
        self._count += len(earlier)
        self._largest = np.sort(np.concatenate([self._largest, earlier]))[-self._kept :]

    def value(self) -> float:
        """0 where no value came."""
        if not self._count:
            return 0.0
        place = _TOP * (self._count - 1)
        below = int(place)
        first = self._count - len(self._largest)
        lower, upper = self._largest[[below - first, min(below + 1, self._count - 1) - first]]
        return float(lower + (upper - lower) * (place - below))


def out_of_proportion(
    name: str,
    values: Floats,
    series: NDArray[np.integer[Any]],
    recent: Flags,
    top: float | None = None,
) -> Floats:
    """How many times each newest value is what its series showed before, [n]; 0 where that cannot be said.

    Units against the largest of their series, and only those that are more than nearly all others ever were: of what
    hardly sells, a handful at once is nothing strange. Prices against their geometric mean, up or down.

    Args:
        name: units_sold or unit_price.
        values: NaN where unknown, [n].
        series: number of each row's series, from 0, [n].
        recent: which rows are the newest, bool, [n].
        top: units that nearly all earlier ones stay within, where these rows are not all (``UsualTop``).
    """
    count = int(series.max(initial=-1)) + 1
    times = np.zeros(len(values))
    positive = values > 0
    older = positive & ~recent
    if not older.any():
        return times
    enough = np.bincount(series[older], minlength=count) >= _TELLING
    judged = np.flatnonzero(recent & positive & enough[series])
    if name == "units_sold":
        most = np.zeros(count)
        np.maximum.at(most, series[older], values[older])
        judged = judged[values[judged] > (np.quantile(values[older], _TOP) if top is None else top)]
        times[judged] = values[judged] / most[series[judged]]
    else:
        logs = np.log(values, out=np.zeros(len(values)), where=positive)
        sums = np.bincount(series[older], weights=logs[older], minlength=count)
        mean = sums / np.maximum(np.bincount(series[older], minlength=count), 1)
        times[judged] = np.exp(np.abs(logs[judged] - mean[series[judged]]))
    return times
