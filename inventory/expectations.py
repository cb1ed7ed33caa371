"""What an order is expected to come to: units lost and left, and cost, beside that of a pack more and of a pack less.

Of the cycle that the order serves, from its arrival to the next one's: the probability of a stockout in it and the
expected shortage (Silver, Pyke and Thomas 2017, Inventory and Production Management in Supply Chains, chapter 6).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers
from inventory.forecast_plan import Forecast, Terms, cycles
from inventory.lost_sales import SLACK, Cycle
from inventory.rounding import round_order


@dataclass(frozen=True)
class Expectations:
    """Of the orders of N items, each [N].

    Attributes:
        lead_time_stockout_probability: of running out before the order arrives, whatever its quantity, 0..1.
        stockout_probability: of running out between its arrival and the next one's, 0..1.
        expected_lost_sales: units that are asked for and not served between the two arrivals.
        expected_leftover: units that are left when the next one arrives, presentation stock among them.
        expected_cost: of holding and shortage between the two arrivals, and of the waste below, money; of a
            presentation stock as of ``inventory.lost_sales.Cycle``: it costs nothing where it lies, and what is bought
            of it counts as lost.
        cost_one_pack_more: the same with one pack more, or with the smallest order where nothing is ordered; NaN where
            the maximum does not allow it.
        cost_one_pack_less: the same with one pack less, or without an order where that is below the minimum; NaN where
            nothing is ordered.
        expected_waste: units of the order that expire unsold, be it after the next one has arrived.
    """

    lead_time_stockout_probability: Floats
    stockout_probability: Floats
    expected_lost_sales: Floats
    expected_leftover: Floats
    expected_cost: Floats
    cost_one_pack_more: Floats
    cost_one_pack_less: Floats
    expected_waste: Floats


def expectations(
    cycle: Cycle,
    quantity: ArrayLike,
    pack_size: ArrayLike = 1.0,
    minimum: ArrayLike = 0.0,
    maximum: ArrayLike | None = None,
) -> Expectations:
    """What orders are expected to come to, each path being as likely as any other.

    Args:
        cycle: what is asked of them.
        quantity: units ordered, [N]; people's own need be neither whole packs nor within the limits.
        pack_size, minimum, maximum: as of ``inventory.rounding.round_order``.

    Raises:
        ValueError: a pack size is not positive, or a limit is negative.
    """
    ordered = np.asarray(quantity, dtype=np.float64)
    # Lost is what not even the presentation stock serves.
    short = cycle.short[:, :, -1] - (ordered + cycle.kept)[:, None]
    more, less = _neighbours(ordered, pack_size, minimum, maximum)
    return Expectations(
        cycle.ran_out_before.mean(axis=1),
        (short > SLACK).mean(axis=1),
        np.maximum(short, 0.0).mean(axis=1),
        np.maximum(-short, 0.0).mean(axis=1),
        cycle.cost(ordered),
        cycle.cost(more),
        cycle.cost(less),
        cycle.wasted(ordered),
    )


def expectations_of_orders(
    forecast: Forecast,
    quantity: Floats,
    on_hand: Floats,
    arriving: Floats,
    terms: Terms,
    review_period: Integers | int,
) -> Expectations:
    """What the orders of any number of items are expected to come to, along the paths of a forecast.

    Args: as of ``inventory.forecast_plan.forecast_orders``; quantity: units ordered, [N].

    Raises: as ``expectations``.
    """
    found = Expectations(*(np.zeros(len(quantity)) for _ in fields(Expectations)))
    for items, cycle in cycles(forecast, on_hand, arriving, terms, review_period):
        chosen = terms.of(items)
        part = expectations(cycle, quantity[items], chosen.pack_size, chosen.minimum, chosen.maximum)
        for field in fields(found):
            getattr(found, field.name)[items] = getattr(part, field.name)
    return found


def _neighbours(
    quantity: Floats, pack_size: ArrayLike, minimum: ArrayLike, maximum: ArrayLike | None
) -> tuple[Floats, Floats]:
    """One pack more and one pack less, units, [N]; NaN where there is none."""
    pack, least = np.asarray(pack_size, dtype=np.float64), np.asarray(minimum, dtype=np.float64)
    smallest, _ = round_order(pack, pack, least)
    more, less = np.maximum(quantity + pack, smallest), quantity - pack
    if maximum is not None:
        more = np.where(more > np.asarray(maximum, dtype=np.float64) + SLACK, np.nan, more)
    less = np.where(less < least - SLACK, 0.0, np.maximum(less, 0.0))
    return more, np.where(quantity > 0, less, np.nan)
