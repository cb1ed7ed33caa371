"""Delisted products and those still to come: nothing is ordered for the periods in which they are not sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.store_rows import StoreRows
from contracts.arrays import Flags, Floats, Integers
from contracts.dates import to_date
from contracts.rows import SERIES_KEYS, floats, single
from inventory.base_stock import protection_interval, quantile_plan_level
from inventory.service_levels import critical_ratio
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import quantiles_of

_UNKNOWN = {"active_from": -np.inf, "active_until": np.inf}


def on_sale(
    scored: pa.Table, mean: Floats, products: pa.Table | None, frame: Frame
) -> tuple[pa.Table, Floats]:
    """What to order for, given ``active_from`` and ``active_until`` of products; unchanged where it has neither.

    A series that is not sold in any period from the arrival of an order to that of the next one gets ``off_sale``: why
    nothing is ordered. Of one that is sold in a part of the protection interval, the other periods count as periods
    without demand: the model's level becomes the one that the quantiles imply, with no largest order, the classical
    level that of as many periods, the quantiles of the others 0, and ``partly`` says so. Both columns are null
    elsewhere.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``.
        mean: their ``mean_demand``, [N, H].
        products: checked rows; None: there is no such file.
    """
    if products is None or not set(_UNKNOWN) & set(products.column_names):
        return scored, mean
    sale = _Sale.of(scored, products, frame)
    ahead = np.arange(1, frame.horizon + 1)
    inside = (ahead >= sale.first[:, None]) & (ahead <= sale.last[:, None])
    share = sale.periods / sale.interval
    usual, level = floats(scored["mean"]), floats(scored["base_stock_level"])
    over_all_days = usual * floats(scored["open_share"])
    safety = level - over_all_days * sale.interval
    columns = {
        "mean": usual * share,
        "base_stock_level": over_all_days * sale.periods + safety * np.sqrt(share),
        "model_level": _levels(scored, inside, sale.interval, frame),
        "largest_order": np.full(scored.num_rows, np.inf),
        # Of what is to be gone by its last day nothing is kept for looks.
        "presentation_stock": np.where(
            sale.last < sale.interval, 0.0, np.nan_to_num(floats(scored["presentation_stock"]))
        ),
    }
    for name, values in columns.items():
        chosen = np.where(sale.partly, values, floats(scored[name]))
        scored = scored.set_column(scored.column_names.index(name), name, pa.array(chosen, from_pandas=True))
    scored = _without_demand(scored, sale.partly[:, None] & ~inside)
    scored = scored.append_column("off_sale", pa.array(sale.why_not(frame), pa.string()))
    scored = scored.append_column("partly", pa.array(sale.how_far(), pa.string()))
    return scored, np.where(sale.partly[:, None] & ~inside, 0.0, mean)


def _without_demand(scored: pa.Table, periods: Flags) -> pa.Table:
    """The quantiles of these periods, [N, H] of bool, are 0."""
    lists = single(scored["quantiles"])
    there = np.flatnonzero(lists.is_valid())
    if not there.size:
        return scored
    width = len(lists.flatten()) // there.size // periods.shape[1]
    none = np.repeat(periods[there], width, axis=1).reshape(-1)
    flat = pc.if_else(pa.array(none), pa.scalar(0.0, pa.float32()), lists.flatten())
    offsets = np.arange(0, len(flat) + 1, width * periods.shape[1], dtype=np.int32)
    index = np.full(len(lists), -1)
    index[there] = np.arange(there.size)
    found = pa.ListArray.from_arrays(offsets, flat).take(pa.array(index, mask=index < 0))
    return scored.set_column(scored.column_names.index("quantiles"), "quantiles", found)


@dataclass(frozen=True)
class _Sale:
    """When series are sold, each [N].

    Attributes:
        begin, end: first and last day, days since 1970-01-01; infinite where nobody says.
        first, last: the same in periods after the plan's date, of which the next is 1. A period counts where one of its
            days does.
        arrival: the period in which an order arrives.
        interval: the protection interval, periods.
    """  # fmt: skip

    begin: Floats
    end: Floats
    first: Floats
    last: Floats
    arrival: Integers
    interval: Integers

    @classmethod
    def of(cls, scored: pa.Table, products: pa.Table, frame: Frame) -> _Sale:
        rows = StoreRows.of(products, {name: single(scored[name]) for name in SERIES_KEYS})
        begin, end = (
            rows.values(name).cast(pa.float64()).fill_null(unknown).to_numpy(zero_copy_only=False)
            if name in products.column_names
            else np.full(scored.num_rows, unknown)
            for name, unknown in _UNKNOWN.items()
        )
        lead = floats(scored["lead_time"]).astype(np.int64)
        return cls(
            begin,
            end,
            np.maximum(np.ceil((begin - frame.as_of + 1) / frame.period_days) - 1, 1),
            np.floor((end - frame.as_of) / frame.period_days),
            lead + 1,
            protection_interval(lead, floats(scored["review_period"]).astype(np.int64)),
        )

    @property
    def over(self) -> Flags:
        """Sold no more when an order arrives."""
        return self.last < self.arrival

    @property
    def to_come(self) -> Flags:
        """Not sold before the next order arrives."""
        return self.first > self.interval

    @property
    def periods(self) -> Floats:
        """How many periods of the protection interval it is sold in."""
        return np.maximum(np.minimum(self.last, self.interval) - self.first + 1, 0)

    @property
    def partly(self) -> Flags:
        """Ordered, but for a part of the protection interval."""
        return ~self.over & ~self.to_come & (self.periods < self.interval)

    def why_not(self, frame: Frame) -> list[str | None]:
        """Why nothing is ordered."""
        texts: list[str | None] = [None] * len(self.over)
        for i in np.flatnonzero(self.over):
            arrival = to_date(frame.as_of + int(self.arrival[i]) * frame.period_days)
            texts[i] = f"delisted: active until {to_date(self.end[i])}, an order would arrive on {arrival}"
        for i in np.flatnonzero(self.to_come & ~self.over):
            later = to_date(frame.as_of + (int(self.interval[i]) + 1) * frame.period_days)
            texts[i] = (
                f"not sold yet: active from {to_date(self.begin[i])}, an order of the next review arrives on {later}"
            )
        return texts

    def how_far(self) -> list[str | None]:
        """Of how much of the protection interval an order is for."""
        texts: list[str | None] = [None] * len(self.over)
        for i in np.flatnonzero(self.partly):
            dates = [f"from {to_date(self.begin[i])}"] if self.first[i] > 1 else []
            dates += [f"until {to_date(self.end[i])}"] if self.last[i] < self.interval[i] else []
            texts[i] = (
                f"for {self.periods[i]:.0f} of {self.interval[i]} periods, since it is active {' '.join(dates)}"
            )
        return texts


def _levels(scored: pa.Table, inside: Flags, interval: Integers, frame: Frame) -> Floats:
    """Order-up-to levels for the demand of the periods inside [N, H], units, [N]; NaN where nothing is forecast."""
    quantiles, there = quantiles_of(scored, frame)
    level = np.full(scored.num_rows, np.nan)
    holding = floats(scored["holding_cost"]) * floats(scored["review_period"])
    ratio = critical_ratio(holding, floats(scored["shortage_cost"]))
    if there.any():
        demand = np.where(inside[:, :, None], quantiles, 0.0)[there]
        within = np.minimum(interval, frame.horizon)[there]
        level[there] = quantile_plan_level(frame.levels, demand, within, ratio[there])
    return level
