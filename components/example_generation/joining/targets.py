"""Service targets: which holds for a product in a store, and the shortage cost that it implies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.options import DataOptions
from components.example_generation.report import Part
from contracts.arrays import Flags, Floats, Integers
from contracts.columns import ORDER_WEEKDAYS
from contracts.rows import floats
from inventory.service_levels import cycle_service_of_fill_rate, shortage_of_cycle_service

CYCLE, FILL = "target_cycle_service", "target_fill_rate"
_CYCLES = 8
"""Whole cycles that mean and deviation of demand are told from, at least."""
_DAYS = 366
"""The newest sales that count: a whole year has every season once."""
_UNKNOWN = "target_without_demand"


@dataclass(frozen=True)
class Targets:
    """Of N products in their stores, each [N]; NaN where there is none. At most one of the two is there."""

    cycle: Floats
    fill: Floats


@dataclass(frozen=True)
class Demand:
    """Mean and deviation of the units of a cycle, each [N]; NaN where too few cycles are known, or nothing is sold."""

    mean: Floats
    deviation: Floats

    @classmethod
    def unknown(cls, count: int) -> Demand:
        """Nothing is known of any."""
        return cls(np.full(count, np.nan), np.full(count, np.nan))


def targets_of(categories: Sequence[str], rows: StoreRows | None, options: DataOptions) -> Targets:
    """What products says, else the settings of the category, else those of the shop.

    Args:
        categories: of each product, [N]; empty: none.
        rows: the rows of products, of the same products; None: there is no such file.
    """
    found = Targets(*(np.full(len(categories), np.nan) for _ in range(2)))
    for i, category in enumerate(categories):
        said = options.category_targets.get(category, options)
        for values, value in ((found.cycle, said.target_cycle_service), (found.fill, said.target_fill_rate)):
            values[i] = np.nan if value is None else value
    if rows is not None:
        own = {name: floats(rows.values(name)) for name in (CYCLE, FILL) if name in rows.table.column_names}
        told = np.zeros(len(categories), dtype=bool)
        for given in own.values():
            told |= ~np.isnan(given)
        for name, values in ((CYCLE, found.cycle), (FILL, found.fill)):
            values[told] = own[name][told] if name in own else np.nan
    return found


def implied_shortage(
    targets: Targets, holding: Floats, lead_time: Integers, demand: Demand, review_period: Integers
) -> Floats:
    """The shortage cost that a target implies, money a unit, [N]; NaN where there is none, or demand is not known.

    Args: review_period: R, of each product the longest between two orders, [N].
    """
    share = targets.cycle.copy()
    filled = ~np.isnan(targets.fill) & ~np.isnan(demand.mean)
    share[filled] = cycle_service_of_fill_rate(
        demand.mean[filled],
        demand.deviation[filled],
        lead_time[filled],
        review_period[filled],
        targets.fill[filled],
    )
    # Where holding is free, any shortage cost serves all demand, and one of 0 none at all.
    share[holding <= 0] = np.nan
    return shortage_of_cycle_service(holding, review_period, share)


def demand_of_cycles(
    units: Floats, series: Integers, age: Integers, count: int, review_period: int, period_days: int
) -> Demand:
    """Mean and deviation of the units of whole cycles, counted back from the newest row of each series.

    Args:
        units: of each row, [G]; NaN where demand is not known, as where stock was short.
        series: of each row, [G], from 0.
        age: periods before the newest row of its series, [G].
        count: of series.
        review_period: R, periods of a cycle.
    """
    cycles = max(_DAYS // period_days // review_period, _CYCLES)
    inside = age < cycles * review_period
    cycle = series[inside] * cycles + age[inside] // review_period
    known = units[inside]
    # One unknown period makes the whole cycle unknown.
    total = np.bincount(cycle, known, count * cycles).reshape(count, cycles)
    size = np.bincount(cycle, minlength=count * cycles).reshape(count, cycles)
    total[size < review_period] = np.nan
    enough = (~np.isnan(total)).sum(axis=1) >= _CYCLES
    demand = Demand.unknown(count)
    demand.mean[enough] = np.nanmean(total[enough], axis=1)
    demand.deviation[enough] = np.nanstd(total[enough], axis=1, ddof=1)
    demand.mean[~(demand.mean > 0)] = np.nan
    return demand


def count_targets(
    targets: Targets, implied: Floats, replaced: Floats, stores: pa.Array, products: pa.Array, part: Part
) -> None:
    """Counts a shard's series with a target, and says the first of each kind.

    Args:
        targets, implied, replaced: of each series, [S]; the last is the shortage cost without the target.
        stores, products: of each series, [S].
        part: of the shard; is added to.
    """

    def count(key: str, mask: Flags, values: Floats, cost: str) -> None:
        part.counts[key] += int(mask.sum())
        if mask.any():
            i = int(np.flatnonzero(mask)[0])
            part.examples[key] = f"{stores[i]} {products[i]}: {values[i]:g} " + cost.format(
                implied[i], replaced[i]
            )

    there = ~np.isnan(implied)
    for name, values in ((CYCLE, targets.cycle), (FILL, targets.fill)):
        wanted = ~np.isnan(values)
        count(name, wanted & there, values, "implies {:.4g}, in place of {:.4g}")
        count(f"{_UNKNOWN}_{name}", wanted & ~there, values, "with a shortage_cost of {1:.4g}")


def target_notes(
    whole: Part, options: DataOptions, products: pa.Table | None, review_period: int
) -> list[str]:
    """What is to be said of targets: what they imply, where they do not count, and categories that no product has."""
    notes = []
    periods = "period" if review_period == 1 else f"{review_period} periods"
    bound = ""
    if products is not None and ORDER_WEEKDAYS in products.column_names:
        bound = ", or as long as between two order days"
    for name in (CYCLE, FILL):
        if whole.counts[name]:
            notes.append(
                f"{name} sets the shortage_cost of {whole.counts[name]:,} series, for a review every {periods}{bound}, "
                f"such as {whole.examples[name]}"
            )
        key = f"{_UNKNOWN}_{name}"
        if whole.counts[key]:
            why = (
                "holding is free"
                if name == CYCLE
                else f"fewer than {_CYCLES} whole cycles of demand are known"
            )
            notes.append(
                f"{name} does not count in {whole.counts[key]:,} series, of which {why}, such as {whole.examples[key]}"
            )
    named = (
        set()
        if products is None or "category" not in products.column_names
        else set(products["category"].to_pylist())
    )
    if strange := sorted(set(options.category_targets) - named):
        notes.append(f"data.category_targets names categories that no product has: {', '.join(strange)}")
    return notes
