"""From TFDV's statistics of one or two spans to each feature's numbers and distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from contracts.arrays import Floats
from contracts.records.checks import AnyCheck, FeatureCheck
from pipeline.reporting.data import Bins, Feature, Span

_BINS = 10
_VALUES_SHOWN = 6
_TAIL = 5.0
"""From where on a tail is cut: the whole range is this many times as wide as that of the lower nine tenths."""

DATE = "date"
_KINDS = statistics_pb2.Histogram.HistogramType

Named = Mapping[str, statistics_pb2.FeatureNameStatistics]


def features(
    new: statistics_pb2.DatasetFeatureStatisticsList,
    before: statistics_pb2.DatasetFeatureStatisticsList | None,
    checks: Iterable[AnyCheck],
) -> tuple[Feature, ...]:
    """Every feature of the new span but the date, in the statistics' order, beside the span before.

    Args:
        new: TFDV's statistics of the rows.
        before: of the rows of the compared span, if there is one.
        checks: of the data gate; the drift checks among them are put beside their features.
    """
    now, then = _by_name(new), _by_name(before) if before else {}
    drift = {
        check.feature: check for check in checks if isinstance(check, FeatureCheck) and check.check == "drift"
    }
    rows, rows_then = _rows(new), _rows(before) if before else 0
    found = []
    for name, statistics in now.items():
        if name == DATE:
            continue
        old = then.get(name)
        # A column of texts in one span may be one of numbers in the other; those have no common picture.
        alike = old is not None and _numeric(old) == _numeric(statistics)
        grid = _grid([statistics, old] if old is not None and alike else [statistics])
        found.append(
            Feature(
                name,
                _span(statistics, rows, grid),
                _span(old, rows_then, grid) if old is not None and alike else None,
                drift.get(name),
            )
        )
    return tuple(found)


def rebinned(lows: Floats, highs: Floats, counts: Floats, edges: Floats) -> Floats:
    """Shares between new edges of a histogram whose values are taken as spread evenly within each bucket.

    Args:
        lows, highs: bounds of the buckets, ascending and adjoining, [M]; a bucket may be a single value wide.
        counts: [M].
        edges: [n + 1], ascending, from the least value on; what lies above the last one counts to the last bin.

    Returns:
        Shares of the total, [n]; zeros where there are no counts.
    """
    total = counts.sum()
    shares = np.zeros(len(edges) - 1)
    uppers = np.append(edges[1:-1], np.inf)
    for low, high, count in zip(lows, highs, counts, strict=True):
        if high > low:
            inside = np.clip(np.minimum(high, uppers) - np.maximum(low, edges[:-1]), 0.0, None)
            shares += count * inside / (high - low)
        else:
            shares[min(int(np.searchsorted(edges, low, side="right")) - 1, len(shares) - 1)] += count
    return shares / total if total else shares


def _by_name(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> Named:
    return {feature.path.step[0]: feature for feature in statistics.datasets[0].features}


def _rows(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> int:
    return int(statistics.datasets[0].num_examples)


def _numeric(statistics: statistics_pb2.FeatureNameStatistics) -> bool:
    return bool(statistics.HasField("num_stats"))


@dataclass(frozen=True)
class _Grid:
    """On which edges a number is shown, and of which of TFDV's histograms: the deciles tell more beside a long tail."""

    edges: Floats
    kind: Any
    open_above: bool


def _span(statistics: statistics_pb2.FeatureNameStatistics, rows: int, grid: _Grid | None) -> Span:
    numeric = _numeric(statistics)
    common = (statistics.num_stats if numeric else statistics.string_stats).common_stats
    present = int(common.num_non_missing)
    missing = 1 - present / rows if rows else 0.0
    if not numeric:
        ranks = statistics.string_stats.rank_histogram.buckets
        values = {bucket.label: bucket.sample_count / max(present, 1) for bucket in ranks[:_VALUES_SHOWN]}
        return Span(rows, missing, values=values, unique=int(statistics.string_stats.unique))
    if not present or grid is None:
        return Span(rows, missing)
    numbers = statistics.num_stats
    shares = rebinned(*_buckets(statistics, grid.kind), grid.edges)
    bins = Bins(tuple(grid.edges.tolist()), tuple(shares.tolist()), grid.open_above)
    return Span(
        rows, missing, bins, low=numbers.min, mean=numbers.mean, median=numbers.median, high=numbers.max
    )


def _buckets(statistics: statistics_pb2.FeatureNameStatistics, kind: Any) -> tuple[Floats, Floats, Floats]:
    buckets: Any = next(
        (found.buckets for found in statistics.num_stats.histograms if found.type == kind), []
    )
    lows, highs, counts = (
        np.array([getattr(bucket, name) for bucket in buckets], np.float64)
        for name in ("low_value", "high_value", "sample_count")
    )
    finite = np.isfinite(lows) & np.isfinite(highs)
    return lows[finite], highs[finite], counts[finite]


def _grid(spans: Iterable[statistics_pb2.FeatureNameStatistics]) -> _Grid | None:
    """Common edges over the range of all spans; None for texts, and where no span has a value."""
    deciles = [_buckets(span, _KINDS.QUANTILES) for span in spans]
    ranges = [(lows[0], lows[-1], highs[-1]) for lows, highs, _ in deciles if len(lows)]
    if not ranges:
        return None
    low = min(found[0] for found in ranges)
    most, high = (max(found[i] for found in ranges) for i in (1, 2))
    if not high > low:
        return _Grid(np.array([low - 0.5, low + 0.5]), _KINDS.STANDARD, open_above=False)
    tail = most > low and high - low > _TAIL * (most - low)
    upper = low + (most - low) * _BINS / (_BINS - 1) if tail else high
    return _Grid(
        np.linspace(low, upper, _BINS + 1), _KINDS.QUANTILES if tail else _KINDS.STANDARD, open_above=tail
    )
