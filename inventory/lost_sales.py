"""The order that costs least in expectation where unmet demand is lost: the myopic policy.

An order is on the shelf after its lead time; what runs out before then is lost, not owed. So it serves the periods from
its arrival to the next one's, from what is left on the shelf by then (Zipkin 2008, Old and new methods for lost-sales
inventory systems, Operations Research 56; Morton 1971).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Flags, Floats
from inventory.rounding import round_order
from inventory.shelf.waste import along_paths

SLACK = 1e-6
"""Sums of demand may lie a rounding apart: who lacks less than a millionth of a unit has not run out."""


@dataclass(frozen=True)
class Cycle:
    """What the periods from an order's arrival to the next one's ask of it, along each path.

    Attributes:
        short: units by which demand up to the end of the j-th period exceeds what is on the shelf without the order
            beyond the presentation stock, [N, S, R]; negative where something is left.
        ran_out_before: whether what is on hand and on its way runs out before the order arrives, [N, S].
        holding_cost: h, money a unit and period, [N].
        shortage_cost: p, money a unit, [N].
        kept: presentation stock, units, [N]. It is there for looks: what lies above it serves demand and is paid for,
            and who buys of it leaves a shelf short. That it stays decides no order.
        asked: units demanded in these periods, as expected, [N].
        sellable: units of the order that are asked for until they expire, [N, S]; None: they keep for good. Of a shelf
            life shorter than the cycle, ``short`` ends with it: what is asked for later no order could serve.
        waste_cost: money a unit that expires, [N].
        held: how many of these periods a unit of the order may be left at the end of; None: all.
    """

    short: Floats
    ran_out_before: Flags
    holding_cost: Floats
    shortage_cost: Floats
    kept: Floats
    asked: Floats
    sellable: Floats | None = None
    waste_cost: ArrayLike = 0.0
    held: int | None = None

    @classmethod
    def of(
        cls,
        paths: Floats,
        on_hand: ArrayLike,
        arriving: ArrayLike,
        lead_time: int,
        review_period: int,
        holding_cost: ArrayLike,
        shortage_cost: ArrayLike,
        kept: ArrayLike = 0.0,
        shelf_life: int | None = None,
        waste_cost: ArrayLike = 0.0,
    ) -> Cycle:
        """Carries the stock forward along the paths with lost sales, to where the order arrives.

        Args:
            paths: demand of the coming periods, units, [N, S, H]; where H is less than L + R they are gone through
                again from the beginning.
            on_hand: units at the end of the period of the review, [N].
            arriving: units on their way, [N, K]: column k arrives at the start of the k-th coming period. What arrives
                after the order is taken to arrive with it.
            lead_time: L, of all of these items.
            review_period: R.
            holding_cost, shortage_cost: [N].
            kept: units that are to lie on the shelf for looks, [N] or one for all. Until the order arrives they are
                sold like others.
            shelf_life: F, periods, of all of these items; None: they keep for good.
            waste_cost: money a unit that expires, [N] or one for all.
        """
        horizon = paths.shape[2]
        coming = np.asarray(arriving, dtype=np.float64)
        display = np.broadcast_to(np.asarray(kept, dtype=np.float64), paths.shape[:1])
        money = np.asarray(holding_cost, np.float64), np.asarray(shortage_cost, np.float64)
        # Of the cycle, summed from its beginning.
        demand = np.cumsum(paths[:, :, (lead_time + np.arange(review_period)) % horizon], axis=2)
        asked = demand[:, :, -1].mean(axis=1)
        if shelf_life is not None:
            stock = np.asarray(on_hand, dtype=np.float64)
            met = along_paths(paths, stock, coming, lead_time, review_period, shelf_life)
            return cls(
                met.short + display[:, None, None],
                met.ran_out_before,
                *money,
                display,
                asked,
                met.sellable,
                waste_cost,
                min(review_period, shelf_life - 1),
            )
        left = np.repeat(np.asarray(on_hand, dtype=np.float64)[:, None], paths.shape[1], axis=1)
        ran_out = np.zeros(left.shape, dtype=bool)
        for period in range(lead_time):
            if period < coming.shape[1]:
                left += coming[:, period, None]
            left -= paths[:, :, period % horizon]
            ran_out |= left < -SLACK
            np.maximum(left, 0.0, out=left)
        left += (coming[:, lead_time:].sum(axis=1) - display)[:, None]
        short = np.subtract(demand, left[:, :, None], out=demand)
        return cls(short, ran_out, *money, display, asked)

    def cost(self, quantity: ArrayLike) -> Floats:
        """Expected cost of the cycle where so many units arrive at its start, money, [N].

        Of holding and shortage, and of what is wasted of these units, be it after the cycle.
        """
        missing = self.short - np.asarray(quantity, dtype=np.float64)[:, None, None]
        held = np.maximum(-missing[:, :, : self.held], 0.0).sum(axis=2).mean(axis=1)
        unserved = np.maximum(missing[:, :, -1], 0.0).mean(axis=1)
        cost = self.holding_cost * held + self.shortage_cost * unserved
        return np.asarray(
            cost if self.sellable is None else cost + np.asarray(self.waste_cost) * self.wasted(quantity)
        )

    def wasted(self, quantity: ArrayLike) -> Floats:
        """Units of an order that expire, as expected, [N]."""
        if self.sellable is None:
            return np.zeros(len(self.short))
        ordered = np.asarray(quantity, dtype=np.float64)[:, None]
        return np.asarray(np.maximum(ordered - self.sellable, 0.0).mean(axis=1))

    def best(self) -> Floats:
        """The least quantity of least expected cost, units, [N].

        The cost is convex in the quantity q: one more unit costs h in each period of each path that it outlasts, and
        saves p where it does not outlast the cycle. So q is a quantile of ``short``, in which the last period counts
        h + p and the others h, at p of each path. Where units expire, one more costs w in each path in which it
        does: so the units of ``sellable`` count too, w each.
        """
        if self.sellable is not None:
            return self._best_of_what_expires(self.sellable)
        items, count, periods = self.short.shape
        ordered = np.sort(self.short.reshape(items, -1), axis=1)
        last, every = self.short[:, :, -1], np.arange(items)
        # Sums of weights may lie a rounding apart.
        enough = self.shortage_cost * count * (1 - 1e-9)
        first, beyond = np.zeros(items, np.int64), np.full(items, count * periods - 1)
        while (first < beyond).any():
            middle = (first + beyond) // 2
            outlasted = (last <= ordered[every, middle][:, None]).sum(axis=1)
            reached = self.holding_cost * (middle + 1) + self.shortage_cost * outlasted >= enough
            first, beyond = np.where(reached, first, middle + 1), np.where(reached, middle, beyond)
        return np.asarray(np.maximum(ordered[every, first], 0.0))

    def _best_of_what_expires(self, sellable: Floats) -> Floats:
        items, count, _ = self.short.shape
        held = self.short[:, :, : self.held].reshape(items, -1)
        parts = (
            (held, self.holding_cost),
            (self.short[:, :, -1], self.shortage_cost),
            (sellable, np.asarray(self.waste_cost)),
        )
        values = np.concatenate([units for units, _ in parts], axis=1)
        weights = np.concatenate(
            [np.broadcast_to(np.reshape(cost, (-1, 1)), units.shape) for units, cost in parts], axis=1
        )
        order = np.argsort(values, axis=1)
        reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        first = (reached >= (self.shortage_cost * count * (1 - 1e-9))[:, None]).argmax(axis=1)
        found = np.take_along_axis(values, order, axis=1)[np.arange(items), first]
        return np.asarray(np.maximum(found, 0.0))


def least_cost_order(
    cycle: Cycle, pack_size: ArrayLike = 1.0, minimum: ArrayLike = 0.0, maximum: ArrayLike | None = None
) -> Floats:
    """The quantity of least expected cost among those that can be ordered, units, [N].

    Nothing, or whole packs within minimum and maximum: the packs just below and just above the best quantity, whichever
    costs less. Of equal costs the smaller quantity.

    Args:
        cycle: what is needed.
        pack_size, minimum, maximum: as of ``inventory.rounding.round_order``.
    """
    best = cycle.best()
    pack = np.broadcast_to(np.asarray(pack_size, dtype=np.float64), best.shape)
    candidates = [np.zeros(len(best))]
    for wanted in (np.floor(best / pack + 1e-6) * pack, best):
        candidates.append(round_order(wanted, pack_size, minimum, maximum)[0])
    costs = np.stack([cycle.cost(quantity) for quantity in candidates])
    # argmin takes the first of equals: candidates rise.
    return np.asarray(np.stack(candidates)[costs.argmin(axis=0), np.arange(len(best))])
