"""Drift: whether the newest weeks of a batch look like the newest weeks that the models were trained on.

Compared are as many whole weeks of both spans, the newest ones of each, so that every weekday counts alike:

- texts (store, product, category): each value's share of the rows, by L-infinity;
- 0/1 columns: the share of ones, by Jensen-Shannon divergence;
- other numbers: each value relative to its own series' level over both spans, by Jensen-Shannon divergence on common
  bins 10% wide; of units_sold the sum of a series and week. So a dear product and a cheap one count alike, a new
  product does not change the distribution, and 10% is the smallest change of a constant that can be seen.

Each is judged twice: ``drift`` beyond the schema's threshold and what chance makes, and ``gross_drift``, of numbers on
bins as wide as a factor of 2: most values moved so far that no season explains it, as with another currency or unit.

External factors follow the calendar and are not compared by distance, but by range and by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_gate.batch_rows import SERIES, BatchRows, weeks_to_compare
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.noise import Distance, infinity_norm, jensen_shannon, noise_allowance
from components.data_gate.severity import Limits
from contracts.arrays import Floats, Integers
from contracts.records.checks import Example, FeatureCheck

_EDGES = np.log(1.1) * (np.arange(-24, 24) + 0.5)
_COARSE_EDGES = np.arange(-4, 4) + 0.5
_COARSE = 2.0
_COARSE_OF_UNITS = 4.0
_VALUES_KEPT = 200


@dataclass(frozen=True)
class Comparator:
    """How one feature is compared: ``text``, ``flag`` (0/1) or ``ratio``, and the largest distance that passes."""

    kind: str
    threshold: float

    @property
    def distance(self) -> Distance:
        return infinity_norm if self.kind == "text" else jensen_shannon


@dataclass(frozen=True)
class _Sides:
    """Both spans' newest weeks, one below the other: of each row the series number, the side (1 is new), the bin
    and, of ratios, the coarse bin.
    """

    rows: pd.DataFrame
    series: NDArray[np.integer[Any]]
    side: Integers
    bins: Integers
    coarse: Integers

    def distance(self, bins: Integers, comparator: Comparator) -> float:
        """Of the two sides as a whole."""
        before, after = self.counts(bins).sum(axis=1)
        return float(comparator.distance(before, after))

    def counts(self, bins: Integers) -> NDArray[np.float32]:
        """Shape [2, series, bins]: old, new."""
        size, width = int(self.series.max(initial=-1)) + 1, int(bins.max(initial=-1)) + 1
        flat = (self.side * size + self.series) * width + bins
        return np.bincount(flat, minlength=2 * size * width).reshape(2, size, width).astype(np.float32)


def comparators(schema: schema_pb2.Schema) -> dict[str, Comparator]:
    """What the schema's drift_comparators say: infinity_norm for texts, jensen_shannon_divergence for numbers."""
    found = {}
    for feature in schema.feature:
        drift = feature.drift_comparator
        if drift.HasField("infinity_norm"):
            found[feature.name] = Comparator("text", drift.infinity_norm.threshold)
        elif drift.HasField("jensen_shannon_divergence"):
            flag = feature.HasField("int_domain") and feature.int_domain.max == 1
            kind = "flag" if flag else "ratio"
            found[feature.name] = Comparator(kind, drift.jensen_shannon_divergence.threshold)
    return found


def drift_findings(
    new: BatchRows, old: BatchRows, wanted: Mapping[str, Comparator], limits: Limits
) -> list[FeatureCheck]:
    """Two findings for each compared feature: ``drift`` beyond its threshold, and ``gross_drift``."""
    weeks = weeks_to_compare(new, old)
    return compare(new.newest(weeks), old.newest(weeks), wanted, limits, lambda: _stretches(old, weeks))


def compare(
    new: pd.DataFrame,
    old: pd.DataFrame,
    wanted: Mapping[str, Comparator],
    limits: Limits,
    earlier: Callable[[], Iterable[pd.DataFrame]] = tuple,
) -> list[FeatureCheck]:
    """The same for two frames of whole weeks.

    Args:
        new, old: the frames.
        wanted: how each feature's drift is judged.
        limits: from where on the data differ too much.
        earlier: gives stretches of the same length, newest first: what has happened between two neighbours may again.
    """
    findings = []
    for feature, comparator in wanted.items():
        sides = _sides(new, old, feature, comparator.kind)
        if sides is None:
            continue
        usual = _Usual(earlier, feature, comparator)
        findings += _judge(sides, feature, comparator, limits, usual)
    return findings


def _stretches(span: BatchRows, weeks: int) -> Iterator[pd.DataFrame]:
    """Whole stretches of so many weeks, newest first."""
    frame, days = span.frame, 7 * weeks
    age = (span.last_day - frame["date"]) // days
    count = (span.last_day - int(frame["date"].min()) + 1) // days
    return (frame[age == number] for number in range(count))


class _Usual:
    """The largest distances between neighbouring stretches of the past, found only when they are asked for."""

    def __init__(
        self, stretches: Callable[[], Iterable[pd.DataFrame]], feature: str, comparator: Comparator
    ) -> None:
        self._stretches = stretches
        self._feature = feature
        self._comparator = comparator

    @cached_property
    def _distances(self) -> tuple[float, float]:
        fine, coarse = [0.0], [0.0]
        for new, old in pairwise(self._stretches()):
            sides = _sides(new, old, self._feature, self._comparator.kind)
            if sides is not None:
                fine.append(sides.distance(sides.bins, self._comparator))
                coarse.append(sides.distance(sides.coarse, self._comparator))
        return max(fine), max(coarse)

    def of(self, kind: str) -> float:
        """Args: kind: of the finding."""
        return self._distances[kind == "gross_drift"]


def _judge(
    sides: _Sides, feature: str, comparator: Comparator, limits: Limits, usual: _Usual
) -> list[FeatureCheck]:
    firsts = sides.rows.groupby(sides.series)[SERIES].first()
    clusterings = [np.arange(len(firsts)), *(pd.factorize(firsts[key])[0] for key in SERIES)]
    measure = "L-infinity" if comparator.kind == "text" else "Jensen-Shannon"
    findings = []
    wide = f" on bins as wide as a factor of {_coarse_of(feature):g}"
    for kind, bins, threshold, coarse in (
        ("drift", sides.bins, comparator.threshold, ""),
        ("gross_drift", sides.coarse, limits.gross_drift, wide),
    ):
        before, after = sides.counts(bins)
        value = float(comparator.distance(before.sum(axis=0), after.sum(axis=0)))
        # What lies within the threshold passes whatever the noise, which takes by far the most time to find.
        noise = 0.0
        if value > threshold:
            noise = noise_allowance(before, after, comparator.distance, clusterings, limits.false_alarm)
        limit = threshold + noise if kind == "drift" else max(threshold, noise)
        reason = (
            f"{measure} distance of the newest weeks from those last trained on{coarse}; the threshold is made of "
            f"{threshold:g} and {noise:.3f} for noise"
        )
        if value > limit and usual.of(kind) > limit:
            limit = usual.of(kind)
            reason += f", and of {limit:.3f} that neighbouring weeks have differed by before"
        failed = value > limit
        rows = _moved(sides, bins, before.sum(axis=0), after.sum(axis=0), feature) if failed else ()
        findings.append(feature_check(kind, feature, failed, reason, value, limit, rows))
    return findings


def _moved(
    sides: _Sides, bins: Integers, before: NDArray[np.float32], after: NDArray[np.float32], feature: str
) -> tuple[Example, ...]:
    """Examples of the new rows in the bin that gained most."""
    gain = after / after.sum() - before / before.sum()
    return example_rows(sides.rows[(bins == gain.argmax()) & (sides.side == 1)], feature)


def _sides(new: pd.DataFrame, old: pd.DataFrame, feature: str, kind: str) -> _Sides | None:
    """Both sides of a feature; None where one has nothing to compare, or holds texts for numbers."""
    if feature not in new or feature not in old:
        return None
    if kind != "text" and not all(pd.api.types.is_numeric_dtype(frame[feature]) for frame in (new, old)):
        return None
    parts = [_comparable(frame, feature) for frame in (old, new)]
    if kind == "text":
        parts[1] = parts[1].merge(parts[0][SERIES].drop_duplicates(), on=SERIES)
    rows = pd.concat([part.assign(_side=side) for side, part in enumerate(parts)], ignore_index=True)
    rows = rows[rows[feature].notna()].reset_index(drop=True)
    if kind == "text":
        kept = rows[feature].value_counts().index[:_VALUES_KEPT]
        # The shares of rarer values are too small to matter by themselves; -1 becomes a bin of its own.
        bins = kept.get_indexer(pd.Index(rows[feature])) + 1
    elif kind == "flag":
        bins = (rows[feature].to_numpy() > 0).astype(np.int64)
    else:
        rows, ratios = _relative(rows, feature)
        coarse_edges = np.log(_coarse_of(feature)) * _COARSE_EDGES
        bins, coarse = np.digitize(ratios, _EDGES), np.digitize(ratios, coarse_edges)
    if kind != "ratio":
        coarse = bins
    if rows["_side"].nunique() < 2:
        return None
    series = rows.groupby(SERIES, sort=False).ngroup().to_numpy()
    return _Sides(rows, series, rows["_side"].to_numpy(), bins, coarse)


def _coarse_of(feature: str) -> float:
    return _COARSE_OF_UNITS if feature == "units_sold" else _COARSE


def _comparable(frame: pd.DataFrame, feature: str) -> pd.DataFrame:
    """Keys and feature of the rows that tell of it."""
    if feature == "unit_price":
        for name, usual in (("on_promotion", 0), ("discount", 1)):
            if name in frame:
                frame = frame[frame[name].isna() | (frame[name] == usual)]
    frame = frame[["store_id", "product_id", "date", *([] if feature in SERIES else [feature])]]
    return _weekly(frame) if feature == "units_sold" and len(frame) else frame


def _weekly(frame: pd.DataFrame) -> pd.DataFrame:
    """Units by series and week, dated by the week's last day in the frame; without weeks that a store was closed."""
    week = ((frame["date"].max() - frame["date"]) // 7).rename("_week")
    weeks = frame.groupby([*SERIES, week], sort=False)
    sums = (
        weeks["date"].max().to_frame().assign(units_sold=weeks["units_sold"].sum(min_count=1)).reset_index()
    )
    of_store = sums.groupby(["store_id", "_week"])["units_sold"].transform("sum")
    return sums[of_store > 0].drop(columns="_week").reset_index(drop=True)


def _relative(rows: pd.DataFrame, feature: str) -> tuple[pd.DataFrame, Floats]:
    """Rows of series that both spans hold, and the logarithm of each value relative to its series' level.

    The level is the mean of the two spans' means, in which neither side is favoured: swapping the spans swaps the
    counts, which is what the noise allowance builds on.
    """
    means = rows.pivot_table(index=SERIES, columns="_side", values=feature, aggfunc="mean")
    level = means.reindex(columns=[0, 1]).mean(axis=1, skipna=False)
    rows = rows.merge(level[level > 0].rename("_level").reset_index(), on=SERIES)
    ratio = rows[feature].to_numpy(np.float64) / rows["_level"].to_numpy(np.float64)
    with np.errstate(divide="ignore"):
        return rows, np.log(np.maximum(ratio, 0.0))
