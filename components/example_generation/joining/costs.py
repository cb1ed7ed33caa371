"""What a unit kept and a unit not served cost: as given, else derived from unit cost and price, else plain constants.

Money of two kinds must never meet in one ratio. The constants are of no currency, and only their ratio decides an
order; so where a holding cost is derived and no price tells the margin, a unit not served costs as many weeks of that
holding cost as it does by the constants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.example_generation.options import DataOptions
from contracts.arrays import Flags, Floats, Integers

_YEAR = 365.25
"""Days."""


@dataclass(frozen=True)
class Known:
    """What is known of N products in their stores, each [N]; NaN where nothing is.

    Attributes:
        holding, shortage: as products gives them, per unit and period, and per unit.
        unit_cost, price: per unit, bought and sold.
    """

    holding: Floats
    shortage: Floats
    unit_cost: Floats
    price: Floats


@dataclass(frozen=True)
class Costs:
    """What is counted with, each [N].

    Attributes:
        holding: money per unit and period.
        shortage: money per unit.
        holding_told, shortage_told: products gives it.
        carried: the holding cost is derived from the unit cost.
        margin: the shortage cost is derived from price and unit cost.
        weeks: the shortage cost is so many weeks of a derived holding cost.
        no_margin: the margin would have stood in for a shortage cost, and the price is no more than the unit cost.
    """

    holding: Floats
    shortage: Floats
    holding_told: Flags
    shortage_told: Flags
    carried: Flags
    margin: Flags
    weeks: Flags
    no_margin: Flags


def costs_of(known: Known, options: DataOptions) -> Costs:
    """Fills up what is not given; what a person has set in the options goes before what is derived.

    A unit cost of 0 is none: it would make stock free to hold.
    """
    holding_told, shortage_told = ~np.isnan(known.holding), ~np.isnan(known.shortage)
    bought = np.nan_to_num(known.unit_cost) > 0
    carried = ~holding_told & bought & (options.holding_cost is None)
    holding = np.where(holding_told, known.holding, options.fallback_holding_cost)
    holding[carried] = known.unit_cost[carried] * options.carrying_rate * options.period_days / _YEAR
    open_margin = ~shortage_told & bought & ~np.isnan(known.price) & (options.shortage_cost is None)
    # Prices come as 32 bits: 0.1 of a price is above 0.1 of a cost.
    sold_above = known.price.astype(np.float32) > known.unit_cost.astype(np.float32)
    margin = open_margin & sold_above
    weeks = carried & ~shortage_told & ~margin & (options.shortage_cost is None)
    shortage = np.where(shortage_told, known.shortage, options.fallback_shortage_cost)
    shortage[margin] = options.shortage_margin * (known.price - known.unit_cost)[margin]
    shortage[weeks] = holding[weeks] * options.fallback_shortage_cost * 7 / options.period_days
    return Costs(
        holding, shortage, holding_told, shortage_told, carried, margin, weeks, open_margin & ~sold_above
    )


def median_of_series(values: Floats, series: Integers, count: int) -> Floats:
    """The median of each series' known values, [count]; NaN where it has none.

    Args:
        values: of each row, [N]; NaN where it is not known.
        series: of each row, [N], from 0.
    """
    there = ~np.isnan(values)
    order = np.lexsort((values[there], series[there]))
    sorted_values, size = values[there][order], np.bincount(series[there], minlength=count)
    first = np.cumsum(size) - size
    found = np.full(count, np.nan)
    some = size > 0
    low, high = (first + (size - 1) // 2)[some], (first + size // 2)[some]
    found[some] = (sorted_values[low] + sorted_values[high]) / 2
    return found
