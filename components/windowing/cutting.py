"""Windows out of rows: NumPy over a whole shard, no loop over rows or windows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from components.windowing.baselines import base_stock_levels, recent_means, seasonal_naive
from components.windowing.following import Lent, StandIn
from components.windowing.long_history import LongHistory
from components.windowing.options import WindowOptions
from components.windowing.timeline import Timeline, lay_out
from contracts.arrays import Arrays, Flags, Floats, Integers, Texts
from contracts.columns import COVERED, NOTHING_PLANNED, ORDER_WEEKDAYS, PLANNED_AS
from contracts.dates import weekday
from contracts.rows import CLOSED_WEEKDAYS, OPEN, OPEN_PLANNED
from inventory.suppliers.order_days import ANY_DAY, days_to_next, takes_orders
from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, PLANNABLE, FeatureSpace
from transforms.history import RECOVERY_CAP

Windows = Arrays
"""Feature name to values, shape [windows, size]."""

# Bounds the memory of one gather: about 100 MiB at 100 features of 70 periods.
_WINDOWS_AT_ONCE = 4096

STATIC = (
    "store_id", "product_id", "category", "lead_time", "holding_cost", "shortage_cost", CLOSED_WEEKDAYS,
)  # fmt: skip
"""What the newest row of a series says of it, and goes on saying."""


class Shard:
    """The series of one shard, ready to cut windows at any origin.

    Args:
        table: flat rows sorted by series and date (contracts.rows).
        space: the features to cut.
        options: lengths and baselines.
        lent: what products are lent by those that they follow; None: nothing.
        older: flat rows of these series and of a longer time, where the table leaves older ones out.

    What is known of the periods after the last sales comes in as further rows without units.
    """

    def __init__(
        self,
        table: pa.Table,
        space: FeatureSpace,
        options: WindowOptions,
        lent: Lent | None = None,
        older: pa.Table | None = None,
    ) -> None:
        self.space = space
        self.options = options
        self._static = table.select([name for name in STATIC if name in table.column_names])
        self.line: Timeline = lay_out(table, space.history, space.horizon, space.period_days)
        series = self._static.take(pa.array(self.line.row_at[self.line.start]))
        self._before = LongHistory(table if older is None else older, space)
        self._index_before = self._before.index_of(series)
        self._stand_in: StandIn | None = None
        if lent is not None:
            self._stand_in = StandIn(lent, series, self.line, space.history)
        units = _floats(table, "units_sold")
        in_stock = np.nan_to_num(_floats(table, "in_stock"), nan=1.0)
        self._pack_size = np.nan_to_num(_floats(table, "pack_size"), nan=1.0)
        self._order_weekdays = np.nan_to_num(_floats(table, ORDER_WEEKDAYS)).astype(np.int64)
        self._units = self.line.spread(np.nan_to_num(units), 0.0)
        self._known_mask = self.line.spread((~np.isnan(units)).astype(np.float32), 0.0)
        self._in_stock = self.line.spread(in_stock, 0.0) * self._known_mask
        self._observed = (self._in_stock >= 1.0).astype(np.float32)
        self._open = self.line.spread(np.nan_to_num(_floats(table, OPEN), nan=1.0), 1.0)
        self._open_planned = self.line.spread(_floats(table, OPEN_PLANNED), np.nan)
        self._past: dict[str, NDArray[np.float32]] = {}
        self._ahead: dict[str, tuple[NDArray[np.float32], int]] = {}
        for name, column in PLANNABLE.items():
            self._past[HISTORY_PREFIX + name] = self.line.spread(_floats(table, column), np.nan)
            if reach := space.reach(column):
                self._ahead[FUTURE_PREFIX + name] = self.line.spread(_planned(table, column), np.nan), reach
        for external in space.externals():
            line = (
                self.line.spread(_floats(table, external.column), np.nan)
                if external.dtype == "float"
                else self.line.spread(_texts(table, external.column), b"")
            )
            self._past[HISTORY_PREFIX + external.name] = line
            if external.reach:
                self._ahead[FUTURE_PREFIX + external.name] = line, external.reach

    def positions(self, origins: Integers) -> tuple[Integers, Integers]:
        """Where windows with these origins lie: (positions, origins), series by series, both shape [windows].

        A series takes part at an origin between its ``minimum_history``-th date, those lent to it included, and its
        last one.
        """
        days, line = self.space.period_days, self.line
        known_from = line.first_date if self._stand_in is None else self._stand_in.known_from
        oldest = np.maximum(known_from + (self.options.minimum_history - 1) * days, line.first_date)
        valid = (origins >= oldest[:, None]) & (origins <= line.last_date[:, None])
        series, which = np.nonzero(valid)
        chosen = origins[which]
        return line.start[series] + (chosen - line.first_date[series]) // days, chosen

    def labelled(self, origins: Integers, until: int | None = None) -> Iterator[Windows]:
        """Windows with labels and baselines at these origins, in batches; those without any label left out.

        Labels of dates after ``until`` (days since 1970-01-01) are unknown.
        """
        steps = np.arange(1, self.space.horizon + 1)
        for position, chosen in self._batches(origins):
            ahead = position[:, None] + steps
            mask = np.ones(ahead.shape, np.float32)
            if until is not None:
                mask[chosen[:, None] + steps * self.space.period_days > until] = 0.0
            keep = (self._known_mask[ahead] * mask).any(axis=1)
            if keep.any():
                windows = self._inputs(position[keep], chosen[keep])
                labels = self._labels(position[keep], ahead[keep], mask[keep], windows)
                yield windows | labels | self._evaluation(windows, ahead[keep])

    def decision_points(self, origins: Integers) -> Iterator[Windows]:
        """Windows as serving sends them, and beside them the classical base-stock level of each."""
        for windows in self.inputs(origins):
            yield windows | {"base_stock_level": base_stock_levels(windows, self.options.base_stock_periods)}

    def inputs(self, origins: Integers) -> Iterator[Windows]:
        """Windows as serving sends them at these origins: what the models may see and nothing else.

        Their review period is that until the next order day, where the supplier has some.
        """
        for position, chosen in self._batches(origins):
            yield self._at_order(position, chosen)

    def reviews(self, origins: Integers) -> Iterator[Windows]:
        """``decision_points`` of a simulation: at the first origin, and where orders are placed from then on.

        Those of suppliers without order days are placed every review period.
        """
        every = self.options.review_period * self.space.period_days
        for position, chosen in self._batches(origins):
            taken = self._order_weekdays[self.line.row_at[position]]
            regular = (chosen - origins[0]) % every == 0
            own = np.where(taken == ANY_DAY, regular, takes_orders(taken, chosen) | (chosen == origins[0]))
            windows = self._at_order(position[own], chosen[own])
            yield windows | {"base_stock_level": base_stock_levels(windows, self.options.base_stock_periods)}

    def _at_order(self, position: Integers, chosen: Integers) -> Windows:
        taken = self._order_weekdays[self.line.row_at[position]]
        cycle = days_to_next(taken, chosen, self.options.review_period)
        return self._inputs(position, chosen) | {"review_period": cycle[:, None]}

    def _batches(self, origins: Integers) -> Iterator[tuple[Integers, Integers]]:
        position, chosen = self.positions(origins)
        for begin in range(0, len(position), _WINDOWS_AT_ONCE):
            yield position[begin : begin + _WINDOWS_AT_ONCE], chosen[begin : begin + _WINDOWS_AT_ONCE]

    def _inputs(self, position: Integers, chosen: Integers) -> Windows:
        past = position[:, None] - np.arange(self.space.history - 1, -1, -1)
        ahead = position[:, None] + 1 + np.arange(self.space.horizon)
        # Attributes of the product are taken as they were at the origin, not as they became later.
        newest = self._static.take(pa.array(self.line.row_at[position]))
        windows: Windows = {
            **{name: _texts(newest, name)[:, None] for name in ("store_id", "product_id", "category")},
            "origin": chosen[:, None].astype(np.int64),
            "lead_time": newest["lead_time"].to_numpy()[:, None].astype(np.int64),
            "review_period": np.full((len(position), 1), self.options.review_period, dtype=np.int64),
            **{name: _floats(newest, name)[:, None] for name in ("holding_cost", "shortage_cost")},
            "history_units": self._units[past],
            "history_present": self._known_mask[past],
            "history_in_stock": self._in_stock[past],
            "history_open": self._open[past],
            "future_open": self._open_ahead(ahead, chosen, newest),
        }
        windows |= {name: line[past] for name, line in self._past.items()}
        for name, (line, reach) in self._ahead.items():
            windows[name] = line[ahead]
            windows[name][:, reach:] = np.nan if line.dtype != object else b""
        series = np.searchsorted(self.line.start, position, side="right") - 1
        windows |= self._before.features(self._index_before[series], chosen)
        return windows if self._stand_in is None else self._stand_in.put_into(windows, past, position)

    def _open_ahead(self, ahead: Integers, origin: Integers, newest: pa.Table) -> NDArray[np.float32]:
        """What the calendar says; where it is silent, whether the weekday was an open one by the origin."""
        planned = self._open_planned[ahead]
        closed = np.nan_to_num(_floats(newest, CLOSED_WEEKDAYS)).astype(np.int64)[:, None]
        days = origin[:, None] + self.space.period_days * np.arange(1, self.space.horizon + 1)
        by_weekday = 1 - (closed >> weekday(days) & 1)
        return np.where(np.isnan(planned), by_weekday, planned).astype(np.float32)

    def _labels(
        self, position: Integers, ahead: Integers, mask: NDArray[np.float32], windows: Windows
    ) -> Windows:
        units, share = self._units[ahead] * mask, self._in_stock[ahead] * mask
        interval = windows["lead_time"] + windows["review_period"]
        inside = np.arange(self.space.horizon) < interval
        # Intervals with a stock-out are those of high demand: without them levels would be learned from quiet ones.
        demand, clear = recovered(units, share)
        # Of a closed store nobody wants anything, and that is known.
        clear |= (self._open[ahead] == 0) & (mask > 0)
        return {
            "label_units": units,
            "label_observed": self._observed[ahead] * mask,
            "label_known": self._known_mask[ahead] * mask,
            "label_demand": demand,
            "label_demand_known": clear.astype(np.float32),
            "protection_demand": (demand * inside).sum(axis=1, keepdims=True),
            "protection_observed": (
                (clear | ~inside).all(axis=1, keepdims=True) & (interval <= self.space.horizon)
            ).astype(np.float32),
            "pack_size": self._pack_size[self.line.row_at[position], None],
        }

    def _evaluation(self, windows: Windows, ahead: Integers) -> Windows:
        slow, fast = self.options.volume_classes
        mean = _mean(windows["history_units"], windows["history_in_stock"] >= 1.0)
        promoted = (self._past[HISTORY_PREFIX + "promotion"][ahead] > 0).any(axis=1)
        recent = recent_means(windows, self.options.recent)
        return {
            "seasonal_naive": seasonal_naive(windows, self.options.season, recent),
            "recent_mean": recent,
            "base_stock_level": base_stock_levels(windows, self.options.base_stock_periods),
            "volume_class": np.array([b"slow", b"medium", b"fast"])[np.digitize(mean, (slow, fast))][:, None],
            "promotion": np.where(promoted, b"yes", b"no")[:, None],
        }


def recovered(units: NDArray[np.float32], share: NDArray[np.float32]) -> tuple[NDArray[np.float32], Flags]:
    """Demand of periods with stock for this share of them, units, and its mask; sales are scaled up.

    Where there was stock for less than a part of 1 / RECOVERY_CAP, the units stay as they are.
    """
    mask = share >= np.float32(1 / RECOVERY_CAP)
    return units / np.where(mask, share, 1.0), mask


def _planned(table: pa.Table, column: str) -> NDArray[np.float32]:
    """What is known ahead of each row's date: what was planned, or, where nobody says, what happened."""
    happened = _floats(table, column)
    happened = np.where(np.isnan(happened), np.float32(NOTHING_PLANNED.get(column, np.nan)), happened)
    if COVERED not in table.column_names:
        return happened
    covered = _floats(table, COVERED)
    planned = np.where(covered == 1, _floats(table, PLANNED_AS[column]), np.float32(np.nan))
    return np.where(np.isnan(covered), happened, planned)


def _mean(values: NDArray[np.float32], valid: Flags) -> Floats:
    mean: Floats = (values * valid).sum(axis=1) / np.maximum(valid.sum(axis=1), 1)
    return mean


def _floats(table: pa.Table, column: str) -> NDArray[np.float32]:
    if column not in table.column_names:
        return np.full(table.num_rows, np.nan, dtype=np.float32)
    values = table[column]
    if pa.types.is_string(values.type):
        # Numbers in this batch, words in an earlier one: what reads as a number is one.
        return np.asarray(pd.to_numeric(values.to_pandas(), errors="coerce").to_numpy(np.float32))
    return np.asarray(values.cast(pa.float32()).to_numpy())


def _texts(table: pa.Table, column: str) -> Texts:
    # A column without any value has no kind of its own.
    if column not in table.column_names or table[column].null_count == table.num_rows:
        return np.full(table.num_rows, b"", dtype=object)
    return np.asarray(table[column].cast(pa.string()).fill_null("").cast(pa.binary()).to_numpy())
