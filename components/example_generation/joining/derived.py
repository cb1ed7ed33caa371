"""Which costs were derived, in words: counts of series, and an example of each with its figures."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.example_generation.joining.costs import Costs, Known
from components.example_generation.options import DataOptions
from components.example_generation.report import Part
from contracts.arrays import Flags, Floats

_CARRIED, _MARGIN, _WEEKS, _NO_MARGIN = "carried", "margin", "weeks", "no_margin"
_FLAT_HOLDING, _FLAT_SHORTAGE = "flat_holding", "flat_shortage"
_AIMED = "aimed"


def count_costs(
    known: Known,
    costs: Costs,
    aimed: Flags,
    stores: pa.Array,
    products: pa.Array,
    options: DataOptions,
    part: Part,
) -> None:
    """Counts a shard's series by where their costs are from, and says the first of each.

    Args:
        known, costs: what was known and what was made of it, [S].
        aimed: whose shortage cost a service target sets, [S].
        stores, products: of each series, [S].
        part: of the shard; is added to.
    """

    def count(key: str, mask: Flags, figures: str, *values: Floats) -> None:
        part.counts[key] += int(mask.sum())
        if mask.any():
            i = int(np.flatnonzero(mask)[0])
            part.examples[key] = f"{stores[i]} {products[i]}: " + figures.format(
                *(value[i] for value in values)
            )

    rate, period = f"{options.carrying_rate:g}", f"{options.period_days} / 365.25"
    count(
        _CARRIED,
        costs.carried,
        f"{rate} x {{:.6g}} x {period} = {{:.4g}} per unit and period",
        known.unit_cost,
        costs.holding,
    )
    times = "" if options.shortage_margin == 1 else f"{options.shortage_margin:g} x "
    inner = "{:.6g} - {:.6g}" if not times else "({:.6g} - {:.6g})"
    count(
        _MARGIN,
        costs.margin & ~aimed,
        f"{times}{inner} = {{:.4g}}",
        known.price,
        known.unit_cost,
        costs.shortage,
    )
    count(
        _WEEKS, costs.weeks & ~aimed, "{:.4g} beside a holding_cost of {:.4g}", costs.shortage, costs.holding
    )
    count(_NO_MARGIN, costs.no_margin & ~aimed, "{:.6g} beside {:.6g}", known.price, known.unit_cost)
    part.counts[_FLAT_HOLDING] += int((~costs.holding_told & ~costs.carried).sum())
    flat = ~(costs.shortage_told | costs.margin | costs.weeks | aimed)
    part.counts[_FLAT_SHORTAGE] += int(flat.sum())
    part.counts[_AIMED] += int((aimed & ~costs.shortage_told).sum())


def cost_words(whole: Part, options: DataOptions) -> dict[str, str]:
    """What stands in for a holding_cost and for a shortage_cost that products lacks."""
    counts, examples = whole.counts, whole.examples
    holding, shortage = [], []
    if counts[_CARRIED]:
        holding.append(
            f"{options.carrying_rate:.4g} of unit_cost a year in {counts[_CARRIED]:,} series, such as "
            f"{examples[_CARRIED]}"
        )
    if counts[_AIMED]:
        shortage.append(f"what a service target implies in {counts[_AIMED]:,} series")
    if counts[_MARGIN]:
        shortage.append(
            f"the margin, median unit_price less unit_cost, in {counts[_MARGIN]:,} series, such as {examples[_MARGIN]}"
        )
    if counts[_WEEKS]:
        shortage.append(
            f"{options.fallback_shortage_cost:g} weeks of the derived holding_cost in {counts[_WEEKS]:,} series, such "
            f"as {examples[_WEEKS]}"
        )
    for words, key, constant in (
        (holding, _FLAT_HOLDING, options.fallback_holding_cost),
        (shortage, _FLAT_SHORTAGE, options.fallback_shortage_cost),
    ):
        if words and counts[key]:
            words.append(f"{constant:g} in {counts[key]:,} series")
        elif not words:
            words.append(f"{constant:g}")
    if counts[_NO_MARGIN]:
        shortage.append(
            f"no margin is known in {counts[_NO_MARGIN]:,} series, whose median unit_price is not above their "
            f"unit_cost, such as {examples[_NO_MARGIN]} (is one of them of a pack?)"
        )
    return {"holding_cost": "; ".join(holding), "shortage_cost": "; ".join(shortage)}
