"""Lines of orders that their suppliers would not take, as they are worth too little: raised, or they wait."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from contracts.arrays import Flags, Floats, Texts
from contracts.columns import MINIMUM_ORDER_VALUE, SUPPLIER
from contracts.rows import floats
from inventory.suppliers.minimum_value import Settled, settle_all
from inventory.suppliers.worth import Worth
from pipeline.orders.planning.foreseen import Foreseen
from pipeline.plan_options import PlanOptions


def meet_minimum(
    scored: pa.Table,
    quantity: Floats,
    own: Floats,
    planned: Flags,
    foreseen: Foreseen,
    options: PlanOptions,
) -> tuple[Floats, Texts]:
    """What is proposed once suppliers' least orders are met, units, and what each line has to say of it, [N].

    Lines of the pair's policy that the forecast covers may be raised, up to what would not be held back. What people
    order themselves stays, and keeps the order from waiting. Of other lines it is taken that all of their quantity
    would be missed if they waited.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``.
        quantity: what is proposed by itself, units, [N].
        own: units that people order in its place, [N]; NaN where nobody does.
        planned: lines of the pair's policy, [N].
    """
    words = np.full(len(quantity), "", dtype=object)
    store, supplier = (np.asarray(scored[name].fill_null("").to_numpy()) for name in ("store_id", SUPPLIER))
    worth = Worth.by_supplier(
        store, supplier, floats(scored["unit_cost"]), floats(scored[MINIMUM_ORDER_VALUE])
    )
    if worth is None:
        return quantity, words
    theirs = ~np.isnan(own)
    ordered, found = np.where(theirs, own, quantity), quantity.copy()
    usual = options.order_limit * floats(scored["stretch"]) + np.nan_to_num(
        floats(scored["presentation_stock"])
    )
    bounds = (
        floats(scored["pack_size"]),
        floats(scored["minimum_order_quantity"]),
        np.fmin(foreseen.spread(foreseen.terms.maximum), np.maximum(usual, quantity)),
    )
    stays = np.where(theirs, np.inf, floats(scored["shortage_cost"]) * quantity)
    grows = planned & ~theirs & np.isin(np.arange(len(quantity)), foreseen.series)
    for lines, settled in settle_all(worth, ordered, grows, foreseen.costs_of, bounds, stays):
        least = float(worth.least[lines].max())
        for i, after in zip(lines.tolist(), settled.quantity.tolist(), strict=True):
            if theirs[i] or (after == quantity[i] and not (quantity[i] and np.isinf(settled.rise))):
                continue
            words[i] = _words(settled, supplier[i], least, quantity[i])
            found[i] = after
    return found, words


def _words(settled: Settled, supplier: str, least: float, quantity: float) -> str:
    before, after = settled.value
    order = (
        f"the order of {supplier} comes to {before:,.2f}, less than its minimum_order_value of {least:,.10g}"
    )
    rise = f"meeting it costs {settled.rise:,.2f} more" if np.isfinite(settled.rise) else "it cannot be met"
    if settled.waits:
        return (
            f"waits with {quantity:,.10g} for the next review: {order}; {rise}, waiting {settled.wait:,.2f}"
        )
    if not np.isfinite(settled.rise):
        return f"{order}, and cannot be raised to it"
    wait = f"waiting {settled.wait:,.2f}" if np.isfinite(settled.wait) else "others of it are ordered anyway"
    return f"raised from {quantity:,.10g}: {order}; with {after:,.2f} {rise}, {wait}"


def unpriced_note(scored: pa.Table) -> str:
    """Of how many series the unit cost lacks by which a least order is counted, with an example; empty: of none."""
    asked = (floats(scored[MINIMUM_ORDER_VALUE]) > 0) & np.asarray(scored[SUPPLIER].is_valid())
    unknown = np.flatnonzero(asked & np.isnan(floats(scored["unit_cost"])))
    if not unknown.size:
        return ""
    store, product, supplier = (
        scored[name][int(unknown[0])] for name in ("store_id", "product_id", SUPPLIER)
    )
    return (
        f"{unknown.size} of {asked.sum()} series whose suppliers have a minimum_order_value have no unit_cost, such as "
        f"{store} {product} of {supplier}: they count for nothing of it"
    )
