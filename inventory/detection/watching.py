"""All detectors on one span of many series, and what of it is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from contracts.arrays import Flags, Floats, Integers, Texts
from inventory.detection.calibration import GROUPS, Calibration, by_group
from inventory.detection.discoveries import discoveries
from inventory.detection.distribution import Demand
from inventory.detection.evidence import Evidence, normal_scores, weigh
from inventory.detection.kinds import KINDS, Kind, Level
from inventory.detection.promotions import missed_promotions
from inventory.detection.shifts import find_shifts
from inventory.detection.standstill import StoreDays, frozen_stores, repeated_runs, silent_runs


@dataclass(frozen=True)
class Span:
    """The newest periods of all series, and what was expected of them; arrays [N] of series, [N, H] with periods.

    Attributes:
        store, product, category: ids.
        dates: of the periods, days since 1970-01-01, [H].
        demand: as it was forecast from what was known before the span.
        plain: the same as if nothing had been on promotion.
        promoted: periods that were planned on promotion.
        units: sold.
        judged: where sales are demand: known, and in stock throughout.
        known: where sales are known.
    """

    store: Texts
    product: Texts
    category: Texts
    dates: Integers
    demand: Demand
    plain: Demand
    promoted: Flags
    units: Floats
    judged: Flags
    known: Flags


@dataclass(frozen=True)
class Finding:
    """One thing that is unlike what was to be expected.

    Attributes:
        kind: what it is.
        level: of what it was found; ids that this level has not are empty.
        store, product, category: ids.
        since, until: its first and last period, days since 1970-01-01.
        expected, seen: demand that was expected, and sales, of its known periods; units.
        p_value: how likely as much is where nothing has happened.
    """

    kind: Kind
    level: Level
    store: str
    product: str
    category: str
    since: int
    until: int
    expected: float
    seen: float
    p_value: float


def watch(span: Span, calibration: Calibration, rate: float) -> list[Finding]:
    """The findings of a span, by kind and then the least likely first.

    Args:
        calibration: of the model that forecast it.
        rate: share of false ones on average among those of a kind, a level and, for spikes, a date.
    """
    if not len(span.units):
        return []
    evidence = weigh(span.demand, calibration, span.units, span.judged, span.known)
    _, store = np.unique(span.store, return_inverse=True)
    days = frozen_stores(evidence, store, calibration.across[0])
    frozen = discoveries(_worse(days), _worse(days) < 1, rate)
    found = list(_frozen_stores(span, evidence, store, days, frozen))
    # A store whose feed stood still would show a hundred other things, and none of them is so.
    evidence = evidence.without(frozen[store])
    taken = np.zeros(len(span.store), bool)
    for kind, of_kind in _of_series(span, evidence, calibration, rate):
        for row, begin, end, p_value in of_kind:
            if kind == "spike" or not taken[row]:
                found.append(_finding(kind, "series", span, evidence, np.array([row]), begin, end, p_value))
        if kind != "spike":
            taken[[row for row, *_ in of_kind]] = True
    drawn = np.random.default_rng(int(span.dates[0])).uniform(size=span.units.shape)
    scores = normal_scores(span.demand, calibration, span.units, drawn)
    for index, level in enumerate(GROUPS):
        found += _of_groups(span, evidence, scores, calibration, rate, index, level)
    return sorted(_alone(found), key=lambda one: (KINDS.index(one.kind), one.p_value))


Rows = list[tuple[int, int, int, float]]
"""Number of a series, index of the first and last period, p-value."""


def _of_series(
    span: Span, evidence: Evidence, calibration: Calibration, rate: float
) -> Iterator[tuple[Kind, Rows]]:
    last = len(span.dates) - 1
    correlation = calibration.series
    runs = repeated_runs(evidence, correlation)
    yield "frozen_feed", _rows(runs.p_values, runs.begins, last, rate)
    runs = silent_runs(evidence, correlation)
    yield "phantom_stock", _rows(runs.p_values, runs.begins, last, rate)
    missed = missed_promotions(evidence, span.demand, span.plain, span.promoted, correlation)
    asked = span.promoted & evidence.judged
    ends = last - np.flip(asked, axis=1).argmax(axis=1)
    yield (
        "missed_promotion",
        [
            (row, begin, int(ends[row]), p)
            for row, begin, _, p in _rows(missed, asked.argmax(axis=1), last, rate)
        ],
    )
    yield from _moved(evidence.scores, evidence.judged, correlation, rate)
    # What ran out sold at least as much as it would have: of the upper tail it tells all the same.
    by_date = np.stack(
        [
            discoveries(evidence.upper[:, day], evidence.known[:, day], rate)
            for day in range(evidence.upper.shape[1])
        ],
        axis=1,
    )
    yield "spike", [(int(r), int(d), int(d), float(evidence.upper[r, d])) for r, d in np.argwhere(by_date)]


def _moved(scores: Floats, there: Flags, correlation: float, rate: float) -> Iterator[tuple[Kind, Rows]]:
    last = scores.shape[1] - 1
    directions: tuple[Literal["down"], Literal["up"]] = ("down", "up")
    for direction in directions:
        shifts = find_shifts(scores, there, correlation, direction)
        rows = _rows(shifts.p_values, shifts.begins, last, rate, there.any(axis=1))
        if direction == "up":
            yield "level_shift_up", rows
        else:
            yield "fading", [found for found in rows if shifts.gradual[found[0]]]
            yield "level_shift_down", [found for found in rows if not shifts.gradual[found[0]]]


def _rows(p_values: Floats, begins: Integers, last: int, rate: float, asked: Flags | None = None) -> Rows:
    kept = discoveries(p_values, np.ones(len(p_values), bool) if asked is None else asked, rate)
    return [(int(row), int(begins[row]), last, float(p_values[row])) for row in np.flatnonzero(kept)]


def _of_groups(
    span: Span,
    evidence: Evidence,
    scores: Floats,
    calibration: Calibration,
    rate: float,
    index: int,
    level: Level,
) -> Iterator[Finding]:
    ids = getattr(span, level)
    names, group = np.unique(ids, return_inverse=True)
    scores, there = by_group(scores, evidence.judged, group, calibration.across[index])
    # A category that nobody named is none.
    there &= (names != "")[:, None]
    upper = special.ndtr(-scores)
    for day in range(scores.shape[1]):
        for number in np.flatnonzero(discoveries(upper[:, day], there[:, day], rate)):
            rows = np.flatnonzero(group == number)
            yield _finding("spike", level, span, evidence, rows, day, day, float(upper[number, day]))
    for kind, of_kind in _moved(scores, there, calibration.group[index], rate):
        for number, begin, end, p_value in of_kind:
            yield _finding(kind, level, span, evidence, np.flatnonzero(group == number), begin, end, p_value)


def _worse(days: StoreDays) -> Floats:
    return np.minimum(np.minimum(days.empty, days.repeated) * 2, 1.0)


def _frozen_stores(
    span: Span, evidence: Evidence, store: Integers, days: StoreDays, frozen: Flags
) -> Iterator[Finding]:
    p_values = _worse(days)
    for number in np.flatnonzero(frozen.any(axis=1)):
        rows = np.flatnonzero(store == number)
        periods = np.flatnonzero(frozen[number])
        for part in np.split(periods, np.flatnonzero(np.diff(periods) > 1) + 1):
            begin, end = int(part[0]), int(part[-1])
            p_value = float(p_values[number, part].min())
            yield _finding("frozen_feed", "store", span, evidence, rows, begin, end, p_value)


def _finding(
    kind: Kind,
    level: Level,
    span: Span,
    evidence: Evidence,
    rows: Integers,
    begin: int,
    end: int,
    p_value: float,
) -> Finding:
    known = span.known[rows, begin : end + 1]

    def total(values: Floats) -> float:
        return float(np.where(known, values[rows, begin : end + 1], 0.0).sum())

    first = int(rows[0])
    of_store, of_product = level in ("series", "store"), level in ("series", "product")
    return Finding(
        kind,
        level,
        str(span.store[first]) if of_store else "",
        str(span.product[first]) if of_product else "",
        str(span.category[first]) if level == "category" else "",
        int(span.dates[begin]),
        int(span.dates[end]),
        total(evidence.expected),
        total(span.units),
        p_value,
    )


def _alone(found: Sequence[Finding]) -> Iterator[Finding]:
    """Without the spikes of what has risen to a new level in these periods."""
    risen = {
        (one.level, one.store, one.product, one.category): one.since
        for one in found
        if one.kind == "level_shift_up"
    }
    for one in found:
        since = risen.get((one.level, one.store, one.product, one.category))
        if one.kind != "spike" or since is None or one.since < since:
            yield one
