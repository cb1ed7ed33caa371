"""An order that a supplier would not take, as it is worth too little: raised where that costs least, or it waits.

An order is what one store orders of one supplier at one review. It is raised pack by pack, each time by that which
costs least for the money that it adds; at each step it may also be completed at once by the one pack that costs least
of those that are worth what is missing, and the cheapest of these ways is taken (a greedy cover of a knapsack: no more
than twice the least cost, and the least where all packs are worth the same; Csirik et al. 1991, Heuristics for the 0-1
min-knapsack problem, Acta Cybernetica 10). Or nothing is ordered, if that is expected to cost less in the cycle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contracts.arrays import Flags, Floats, Integers
from inventory.forecast_plan import Forecast, Terms, cycles
from inventory.lost_sales import SLACK
from inventory.rounding import round_order
from inventory.suppliers.worth import Worth

_AT_ONCE = 64
"""Quantities of a line that are rounded together: one alone takes as long."""

Cost = Callable[[int, float], float]
"""Expected cost of a line, by its place and its quantity in units; money."""


@dataclass(frozen=True)
class Settled:
    """What became of an order that was worth too little.

    Attributes:
        quantity: units of its lines, [N].
        value: what it was worth, and what it is now; money.
        rise: what meeting the least value is expected to cost more, money; infinite: it cannot be met.
        wait: what ordering nothing until the next review is expected to cost more, money.
    """

    quantity: Floats
    value: tuple[float, float]
    rise: float
    wait: float

    @property
    def waits(self) -> bool:
        """Nothing is ordered."""
        return not self.quantity.any()


class LineCosts:
    """Expected costs of lines by their quantities, along the paths of a forecast.

    Besides what the cycle costs, what an order has too much is held for longer: until the following cycles, one after
    the other, have asked for it. With e units beyond the best quantity and m units a cycle of R periods that is
    h R sum over k = 1, 2, .. of (e - k m)+.
    """

    def __init__(
        self, forecast: Forecast, on_hand: Floats, arriving: Floats, terms: Terms, review_period: Integers
    ) -> None:
        """Args: as of ``inventory.forecast_plan.forecast_orders``."""
        count = len(on_hand)
        self._best, self._asked = np.zeros(count), np.zeros(count)
        self._short: list[Floats] = [np.zeros((0, 0))] * count
        self._sellable: list[Floats | None] = [None] * count
        self._held: list[int | None] = [None] * count
        self._kept_for = terms.holding_cost * review_period
        self._terms = terms
        self._waste_cost = np.broadcast_to(terms.waste_cost, count)
        for items, cycle in cycles(forecast, on_hand, arriving, terms, review_period):
            self._best[items], self._asked[items] = cycle.best(), cycle.asked
            for place, item in enumerate(items.tolist()):
                self._short[item], self._held[item] = cycle.short[place], cycle.held
                if cycle.sellable is not None:
                    self._sellable[item] = cycle.sellable[place]

    def __call__(self, item: int, quantity: float) -> float:
        missing = self._short[item] - quantity
        held = np.maximum(-missing[:, : self._held[item]], 0.0).sum(axis=1).mean()
        unserved = np.maximum(missing[:, -1], 0.0).mean()
        cost = self._terms.holding_cost[item] * held + self._terms.shortage_cost[item] * unserved
        sellable = self._sellable[item]
        if sellable is not None:
            # What is too much is sold or wasted in time.
            return float(cost + self._waste_cost[item] * np.maximum(quantity - sellable, 0.0).mean())
        return float(cost + self._kept_for[item] * self._later(item, quantity - self._best[item]))

    def _later(self, item: int, excess: float) -> float:
        """Units held at the ends of the cycles to come, summed over these."""
        if excess <= SLACK:
            return 0.0
        asked = max(float(self._asked[item]), 1e-9)
        cycles_held = np.floor(excess / asked)
        return float(cycles_held * excess - asked * cycles_held * (cycles_held + 1) / 2)


def settle_all(
    worth: Worth,
    quantity: Floats,
    grows: Flags,
    costs_of: Callable[[Integers], Cost],
    bounds: tuple[Floats, Floats, Floats],
    stays: Floats,
) -> list[tuple[Integers, Settled]]:
    """What becomes of all orders that are worth too little, and which lines each is of.

    Args:
        worth: of the N lines of all orders.
        quantity: units, [N].
        grows: lines whose cost is known, and which may be raised, [N].
        costs_of: the costs of some of these, by their place among them.
        bounds: as of ``settle``, each [N].
        stays: what not ordering a line is expected to cost, of those that do not grow, money, [N].
    """
    orders = worth.too_little(quantity)
    if not orders:
        return []
    known = np.concatenate(orders)
    known = known[grows[known]]
    cost, place = costs_of(known), np.full(len(quantity), -1)
    place[known] = np.arange(len(known))
    found = []
    for lines in orders:
        waiting = stays[lines][~grows[lines] & (quantity[lines] > 0)].sum()

        def of_line(i: int, units: float, lines: Integers = lines) -> float:
            return cost(int(place[lines[i]]), units)

        settled = settle(
            quantity[lines],
            grows[lines],
            of_line,
            worth.unit_cost[lines],
            float(worth.least[lines].max()),
            (bounds[0][lines], bounds[1][lines], bounds[2][lines]),
            float(waiting),
        )
        found.append((lines, settled))
    return found


def settle(
    quantity: Floats,
    grows: Flags,
    cost: Cost,
    unit_cost: Floats,
    least: float,
    bounds: tuple[Floats, Floats, Floats],
    stays: float,
) -> Settled:
    """What becomes of one order that is worth less than its supplier takes.

    Args:
        quantity: units of its lines, [N].
        grows: lines whose cost is known, and which may be raised, [N].
        cost: of these.
        unit_cost: money a unit, [N]; NaN where it is not known.
        least: money that the order is for at the least.
        bounds: pack size, minimum and maximum of the lines, units, [N]; a maximum may be NaN.
        stays: what ordering nothing of the other lines is expected to cost, money; infinite: they are ordered anyway.
    """
    price = np.nan_to_num(unit_cost)
    value = float((price * quantity).sum())
    found = _cheapest_rise(quantity, grows, cost, price, least - value, bounds)
    wait = stays + sum(
        cost(i, 0.0) - cost(i, float(quantity[i])) for i in np.flatnonzero(grows & (quantity > 0))
    )
    if found is None and not np.isfinite(wait):
        return Settled(quantity, (value, value), np.inf, wait)
    if found is None or wait < found[0]:
        return Settled(np.zeros(len(quantity)), (value, 0.0), np.inf if found is None else found[0], wait)
    rise, raised = found
    return Settled(raised, (value, float((price * raised).sum())), rise, wait)


def _cheapest_rise(
    quantity: Floats,
    grows: Flags,
    cost: Cost,
    price: Floats,
    missing: float,
    bounds: tuple[Floats, Floats, Floats],
) -> tuple[float, Floats] | None:
    """What it costs to be worth so much more, and the quantities; None where the maxima do not allow it."""
    found = np.array(quantity, dtype=np.float64)
    more, adds = np.full(len(found), np.nan), np.zeros(len(found))
    larger: list[list[float]] = [[] for _ in found]

    def look_at(i: int) -> None:
        if not larger[i]:
            larger[i] = _larger(found[i], *(bound[i] for bound in bounds))
        adds[i] = (larger[i][0] - found[i]) * price[i] if larger[i] else 0.0
        more[i] = cost(i, larger[i][0]) - cost(i, found[i]) if adds[i] > 0 else np.nan

    for i in np.flatnonzero(grows & (price > 0)).tolist():
        look_at(i)
    slack, spent = SLACK * max(missing, 1.0), 0.0
    best: tuple[float, Floats] | None = None
    while np.isfinite(more).any():
        ends = np.isfinite(more) & (adds >= missing - slack)
        if ends.any():
            last = int(np.where(ends, more, np.inf).argmin())
            if best is None or spent + more[last] < best[0]:
                whole = found.copy()
                whole[last] = larger[last][0]
                best = spent + float(more[last]), whole
        rate = np.divide(more, adds, out=np.full(len(more), np.inf), where=np.isfinite(more))
        i = int(rate.argmin())
        # Costs are convex: what follows costs no less for its money.
        if best is not None and rate[i] >= 0 and spent >= best[0]:
            break
        if adds[i] >= missing - slack:
            # As the last pack it was looked at; what costs more for its money may cost less in all.
            more[i] = np.nan
            continue
        spent, missing = spent + float(more[i]), missing - adds[i]
        found[i] = larger[i].pop(0)
        look_at(i)
    return best


def _larger(quantity: float, pack: float, minimum: float, maximum: float) -> list[float]:
    """The next larger quantities that can be ordered, units, from the smallest on; none where there is none."""
    packs = np.arange(1, _AT_ONCE + 1)
    after = np.unique(round_order(quantity + packs * pack, pack, minimum, maximum)[0])
    return list(after[after > quantity + SLACK * pack].tolist())
