"""Which stores are open on which dates: what store_calendar says of them, and what their sales tell of the weekdays.

A closed day is no zero demand and no gap. A store may be open and sell nothing, too, so that a weekday counts as closed
only after eight weeks without a sale of anything, in a store that hardly misses a day otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.example_generation.contract import STORE_CALENDAR
from components.example_generation.joining.external import ALL_STORES
from contracts.arrays import Flags, Integers
from contracts.dates import WEEKDAYS, to_date, weekday
from contracts.rows import CLOSED_WEEKDAYS, OPEN, OPEN_PLANNED, single

WEEKS = 8
"""A weekday is closed after so many of its dates without a sale of any product, the date itself the last of them."""
_USUAL = 0.75
"""The store must have sold on this share of the dates of its other weekdays in that time, those left out that sold
nothing either: one that sells a thing now and then misses a weekday eight times by chance, and one that comes back from
a long rest has not closed on every weekday but its first."""
_AHEAD = 366
"""Periods after the last sale of which the calendar is kept: no horizon is longer."""
_SILENT = -1
_MASK, _COUNT = np.int16, np.int8
"""Of weekdays, and of weeks: there are as many of each as stores have days, which may be tens of millions."""


@dataclass(frozen=True)
class OpenDays:
    """S stores over P periods, from the first sale of all stores to the last.

    What is known of a date is known by its end: later sales change nothing of it.

    Attributes:
        stores: their names, [S].
        first: day of the first period, days since 1970-01-01.
        step: days of a period.
        status: 1 open, 0 closed, [S, P].
        closed_weekdays: those that the store was taken to be closed on by then, the sum of 2^k, Monday k = 0, [S, P].
        planned: what the calendar says, 1, 0, or -1 where it is silent, [S, P + 366].
        ends: period of each store's last sale, or of the last closed day right after it, [S].
        begins: period of its first sale, [S].
        traded: where anything was sold, or something nobody knows, [S, P].
        is_told: there is a calendar.
    """

    stores: pa.Array
    first: int
    step: int
    status: NDArray[np.int8]
    closed_weekdays: NDArray[np.int16]
    planned: NDArray[np.int8]
    ends: Integers
    begins: Integers
    traded: Flags
    is_told: bool

    @classmethod
    def of(cls, sales: pa.Table, stores: pa.Array, told: pa.Table | None, period_days: int) -> OpenDays:
        """From the sales by store and date, and the calendar.

        Args:
            sales: store_id, date (days since 1970-01-01) and ``sold``, the rows with sales.
            stores: of the sales, each once.
            told: checked rows of store_calendar; None: there is no such file.
            period_days: 1 or 7.
        """
        days = sales["date"].to_numpy().astype(np.int64)
        first = int(days.min()) if days.size else 0
        column = (days - first) // period_days
        periods = int(column.max()) + 1 if days.size else 0
        store = pc.index_in(sales["store_id"], value_set=stores).to_numpy().astype(np.int64)
        traded = np.zeros((len(stores), periods), dtype=bool)
        traded[store, column] = sales["sold"].to_numpy() > 0
        ends, begins = np.full(len(stores), -1), np.full(len(stores), periods)
        np.maximum.at(ends, store, column)
        np.minimum.at(begins, store, column)
        planned = _planned(told, stores, first, period_days, periods + _AHEAD)
        known = planned[:, :periods]
        closed = np.zeros(traded.shape, dtype=_MASK)
        if period_days == 1:
            closed = closed_weekdays(_as_the_week_before(traded, known == 0), begins, weekday(first))
        status = 1 - (closed >> weekday(first + period_days * np.arange(periods)) & 1)
        status = np.where(traded, 1, np.where(known == _SILENT, status, known)).astype(np.int8)
        ends = _with_closed_days_after(ends, status)
        return cls(
            stores, first, period_days, status, closed, planned, ends, begins, traded, told is not None
        )

    @property
    def last_days(self) -> Integers:
        """The newest date of each store: of its last sale, or of the last closed day right after it; [S]."""
        return self.first + self.ends * self.step

    def _of_data(self) -> Flags:
        """Which periods lie between a store's first and newest one, [S, P]."""
        every = np.arange(self.status.shape[1])
        return np.asarray((every >= self.begins[:, None]) & (every <= self.ends[:, None]))

    @property
    def says_anything(self) -> bool:
        """Whether there is a calendar, or a closed day."""
        return self.is_told or bool(((self.status == 0) & self._of_data()).any())

    def of_rows(self, days: Integers, store: Integers, stores: pa.Array) -> dict[str, pa.Array]:
        """The columns of some rows, none where all stores are always open.

        Args:
            days: date of each row, days since 1970-01-01.
            store: index of each row's store into ``stores``, which sell something.
        """
        if not self.says_anything:
            return {}
        which = self._index(stores)[store]
        column = (days - self.first) // self.step
        found = {OPEN: pa.array(self.status[which, column].astype(np.int64))}
        if self.step == 1:
            found[CLOSED_WEEKDAYS] = pa.array(self.closed_weekdays[which, column].astype(np.int64))
        return found | self.planned_of(days, store, stores)

    def planned_of(self, days: Integers, store: Integers, stores: pa.Array) -> dict[str, pa.Array]:
        """What the calendar says of some stores and dates, later ones too; none where there is no calendar.

        Args: as of ``of_rows``.
        """
        if not self.is_told:
            return {}
        column = (days - self.first) // self.step
        inside = column < self.planned.shape[1]
        says = self.planned[self._index(stores)[store], np.where(inside, column, 0)].astype(np.int64)
        return {OPEN_PLANNED: pa.array(says, mask=~inside | (says == _SILENT))}

    def _index(self, stores: pa.Array) -> NDArray[np.int32]:
        return np.asarray(pc.index_in(stores, value_set=self.stores).to_numpy(zero_copy_only=False))

    def notes(self) -> list[str]:
        """What a user should know: who is taken to be closed when, and where the sales say otherwise."""
        there = self._of_data()
        planned = self.planned[:, : there.shape[1]]
        learned = there & (self.status == 0) & (planned == _SILENT)
        days = weekday(self.first + self.step * np.arange(there.shape[1]))
        notes = []
        for k, name in enumerate(WEEKDAYS):
            found = learned & (days == k)
            if found.any():
                notes.append(
                    f"{self._who(found)} taken to be closed on {name}s, without a sale of any product for {WEEKS} "
                    f"weeks: {self._dates(found)}; {STORE_CALENDAR} may say otherwise"
                )
        closed = there & (self.status == 0) & (planned == 0)
        if closed.any():
            notes.append(f"{self._who(closed)} closed by {STORE_CALENDAR}: {self._dates(closed)}")
        coming = (self.planned == 0) & (np.arange(self.planned.shape[1]) >= there.shape[1])
        if coming.any():
            dates = self._dates(coming)
            notes.append(
                f"{self._who(coming)} to be closed by {STORE_CALENDAR}, after the last sale: {dates}"
            )
        if (busy := there & self.traded & (planned == 0)).any():
            store, column = np.argwhere(busy)[0]
            example = f"{self.stores[int(store)]} {to_date(self.first + column * self.step)}"
            notes.append(
                f"{int(busy.sum())} dates of a store, such as {example}, have sales although {STORE_CALENDAR} closes "
                "them: taken as open"
            )
        return notes

    def _who(self, mask: Flags) -> str:
        which = np.flatnonzero(mask.any(axis=1))
        example = self.stores[int(which[0])]
        return f"store {example} is" if which.size == 1 else f"{which.size} stores, such as {example}, are"

    def _dates(self, mask: Flags) -> str:
        columns = np.flatnonzero(mask.any(axis=0))
        first, last = (to_date(self.first + columns[i] * self.step) for i in (0, -1))
        return f"{int(mask.sum())} dates, {first} .. {last}" if first < last else f"{first}"


def closed_weekdays(traded: Flags, begins: Integers, first: int) -> NDArray[np.int16]:
    """Weekdays that each store is taken to be closed on as of each day, the sum of 2^k, Monday k = 0: [S, P].

    Args:
        traded: where anything was sold, [S, P] of bool.
        begins: day of each store's first sale, [S].
        first: weekday of the first day.
    """
    days = traded.shape[1]
    every = np.arange(days)
    sold = np.zeros(traded.shape, dtype=_COUNT)  # of the weekday's last dates, those with a sale
    for week in range(WEEKS):
        sold[:, 7 * week :] += traded[:, : max(days - 7 * week, 0)]
    long = every - 7 * (WEEKS - 1) >= begins[:, None]
    dates, with_sale = np.zeros(traded.shape, dtype=_COUNT), np.zeros(traded.shape, dtype=_COUNT)
    for back in range(7):
        of_weekday = _back(sold, back)
        with_sale += of_weekday
        dates += np.where(of_weekday > 0, _COUNT(WEEKS), _COUNT(0))
    usual = (with_sale > 0) & (with_sale >= np.float32(_USUAL) * dates)
    closed = np.zeros(traded.shape, dtype=_MASK)
    for back in range(7):
        without = usual & _back(long, back) & (_back(sold, back) == 0)
        closed |= without.astype(_MASK) << ((first + every - back) % 7).astype(_MASK)
    return closed


def _back(values: NDArray[Any], days: int) -> NDArray[Any]:
    """The values of some days before, [S, P]; 0 before the first."""
    moved = np.zeros_like(values)
    moved[:, days:] = values[:, : max(values.shape[1] - days, 0)]
    return moved


def _as_the_week_before(traded: Flags, closed: Flags) -> Flags:
    """Days that the calendar closes tell nothing of their weekday: they count as the week before, [S, P]."""
    told = traded.copy()
    for day in np.flatnonzero(closed[:, 7:].any(axis=0)) + 7:
        told[:, day] = np.where(closed[:, day] & ~traded[:, day], told[:, day - 7], traded[:, day])
    return told


def _with_closed_days_after(ends: Integers, status: NDArray[np.int8]) -> Integers:
    """Ends moved on over the closed days that follow: a store that is closed on Sundays has not ended on Saturday."""
    if not status.size:
        return ends
    opens = (status == 1) & (np.arange(status.shape[1]) > ends[:, None])
    return np.where(opens.any(axis=1), opens.argmax(axis=1) - 1, status.shape[1] - 1)


def _planned(
    told: pa.Table | None, stores: pa.Array, first: int, step: int, periods: int
) -> NDArray[np.int8]:
    """What the calendar says, [S, periods]; a row of a store goes before the row of all stores."""
    planned = np.full((len(stores), periods), _SILENT, dtype=np.int8)
    if told is None:
        return planned
    days, says = (single(told[name]).to_numpy(zero_copy_only=False) for name in ("date", OPEN))
    column = (days.astype(np.int64) - first) // step
    names = single(told["store_id"]).cast(pa.string())
    inside = (column >= 0) & (column < periods)
    everywhere = inside & np.asarray(pc.equal(names, ALL_STORES))
    planned[:, column[everywhere]] = says[everywhere]
    store = np.asarray(pc.index_in(names, value_set=stores).fill_null(-1).to_numpy(zero_copy_only=False))
    own = inside & (store >= 0)
    planned[store[own], column[own]] = says[own]
    return planned
