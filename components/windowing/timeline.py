"""Series laid end to end on one dense time line, so that a window of any series is one slice.

Every series gets ``history`` empty periods before its first date and ``horizon`` after its last one. A window at a
position of the line then never reaches into another series, and cutting all windows of a shard is one gather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.arrays import Integers
from contracts.rows import series_bounds


@dataclass(frozen=True)
class Timeline:
    """A shard's series on one line.

    Attributes:
        position: shape [rows], where each row lies on the line.
        length: number of positions.
        start: shape [series], position of each series' first date.
        first_date: shape [series], days since 1970-01-01.
        last_date: the same, of the last row.
        row_at: shape [length], the newest row of the same series at or before each position, -1 where none is.
        period_days: 1 or 7.
    """

    position: Integers
    length: int
    start: Integers
    first_date: Integers
    last_date: Integers
    row_at: Integers
    period_days: int

    def spread(self, values: NDArray[Any], missing: float | bytes) -> NDArray[Any]:
        """Values of the rows, shape [rows], at their positions: shape [length]."""
        line = np.full(self.length, missing, dtype=values.dtype)
        line[self.position] = values
        return line


def lay_out(table: pa.Table, before: int, after: int, period_days: int) -> Timeline:
    """Lays out a flat table that is sorted by series and date."""
    bounds = series_bounds(table)
    date = table["date"].to_numpy()
    first, last = date[bounds[:-1]], date[bounds[1:] - 1]
    periods = (last - first) // period_days + 1
    room = before + periods + after
    start = np.cumsum(room) - room + before
    series_of_row = np.repeat(np.arange(len(start)), np.diff(bounds))
    position = start[series_of_row] + (date - first[series_of_row]) // period_days
    length = int(room.sum())
    row_at = np.full(length, -1, dtype=np.int64)
    row_at[position] = np.arange(table.num_rows)
    # Carried forward, a row never reaches the next series' first date: that one has a row of its own, and
    # before it lie only positions that no origin takes.
    np.maximum.accumulate(row_at, out=row_at)
    return Timeline(position, length, start, first, last, row_at, period_days)
