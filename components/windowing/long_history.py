"""The summaries of the time before a window's history (transforms.long_history), from running sums over all rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.windowing.timeline import lay_out
from contracts.arrays import Arrays, Floats, Integers
from contracts.rows import SERIES_KEYS, floats, index_in, series_bounds
from transforms.features import FeatureSpace
from transforms.long_history import YEARS, spans


class LongHistory:
    """Fully stocked units of all series of a shard, ready to be averaged over any stretch of periods.

    Args:
        rows: flat rows sorted by series and date, with store_id, product_id, date, units_sold and in_stock.
        space: says how far windows look ahead, and how long a period is.
    """

    def __init__(self, rows: pa.Table, space: FeatureSpace) -> None:
        self._horizon, self._days, self._spans = space.horizon, space.period_days, spans(space.period_days)
        self._series = rows.select(SERIES_KEYS).take(pa.array(series_bounds(rows)[:-1]))
        line = lay_out(rows, 0, 0, space.period_days)
        self._start, self._first = line.start, line.first_date
        self._stop = line.start + (line.last_date - line.first_date) // space.period_days + 1
        units = floats(rows["units_sold"])
        in_stock = floats(rows["in_stock"]) if "in_stock" in rows.column_names else np.float64(1.0)
        # An unknown share of stock counts as stocked, as in the history itself.
        stocked = ~np.isnan(units) & ~(in_stock < 1.0)
        self._units = _running(line.spread(np.where(stocked, units, 0.0), 0.0))
        self._count = _running(line.spread(stocked.astype(np.float64), 0.0))

    def index_of(self, series: pa.Table) -> Integers:
        """Where these series (store_id, product_id) stand here: shape [series]; -1 where they do not."""
        return np.asarray(
            index_in(series, self._series, SERIES_KEYS).fill_null(-1).to_numpy(zero_copy_only=False)
        )

    def features(self, series: Integers, origins: Integers) -> Arrays:
        """Features of windows: shape [N, size] each, units a period, NaN where nothing is known.

        Args:
            series: of each window, as of ``index_of``, [N].
            origins: days since 1970-01-01, [N].
        """
        found_here, series = series >= 0, np.maximum(series, 0)
        here = ((origins - self._first[series]) // self._days + self._start[series])[:, None]
        ahead = here + np.arange(1, self._horizon + 1)
        # What came before a series, and what lies after its origin, counts for nothing.
        first = self._start[series][:, None]
        after = np.minimum(here + 1, self._stop[series][:, None])

        def mean(begin: Integers, end: Integers, fewest: int = 1) -> NDArray[np.float32]:
            """Of the periods from begin to end, both included."""
            begin, end = np.maximum(begin, first), np.minimum(end + 1, after)
            some = (begin < end) & found_here[:, None]
            begin, end = np.where(some, begin, 0), np.where(some, end, 0)
            count = self._count[end] - self._count[begin]
            total = self._units[end] - self._units[begin]
            return np.where(count >= fewest, total / np.maximum(count, 1.0), np.nan).astype(np.float32)

        lengths = self._spans
        levels = [mean(here - length + 1, here) for length in lengths.levels]
        found: Arrays = {"long_levels": np.concatenate(levels, axis=1)}
        for name, years in YEARS.items():
            then = years * lengths.year
            found[f"{name}_level"] = mean(
                here - then - lengths.year_level + 1, here - then, fewest=lengths.fewest
            )
            found[name] = mean(ahead - then, ahead - then)
            found[f"{name}_smoothed"] = mean(ahead - then - lengths.around, ahead - then + lengths.around)
        return found


def _running(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
