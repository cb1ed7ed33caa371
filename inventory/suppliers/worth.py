"""What orders are worth, and which of them their suppliers do not take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.arrays import Floats, Integers, Texts

_SLACK = 1e-6


@dataclass(frozen=True)
class Worth:
    """What the lines of all orders are worth, each [N].

    Attributes:
        order: number of the order that a line is of, from 0; -1 where its supplier takes any.
        unit_cost: money a unit; NaN where it is not known, of which nothing counts.
        least: money that the order is for at the least.
    """

    order: Integers
    unit_cost: Floats
    least: Floats

    @classmethod
    def by_supplier(cls, store: Texts, supplier: Texts, unit_cost: Floats, least: Floats) -> Worth | None:
        """Of lines by store and supplier, each [N]; None where no supplier asks for anything.

        Args:
            supplier: empty: none.
            least: money; NaN: nothing is asked for.
        """
        least = np.nan_to_num(least)
        asked = (least > 0) & (supplier != "")
        if not asked.any():
            return None
        _, stores = np.unique(store.astype(str), return_inverse=True)
        _, suppliers = np.unique(supplier.astype(str), return_inverse=True)
        _, orders = np.unique(stores * (suppliers.max() + 1) + suppliers, return_inverse=True)
        return cls(np.where(asked, orders, -1), unit_cost, least)

    def of(self, quantity: Floats) -> Floats:
        """What orders of so many units are worth, [orders]."""
        known = np.where(self.order < 0, 0.0, np.nan_to_num(self.unit_cost) * quantity)
        orders = int(self.order.max(initial=-1)) + 1
        return np.asarray(np.bincount(np.maximum(self.order, 0), known, orders), np.float64)

    def too_little(self, quantity: Floats) -> list[Integers]:
        """The lines of each order that would not be taken; none where no unit cost of it is known."""
        least = np.zeros(int(self.order.max(initial=-1)) + 1)
        there = self.order >= 0
        np.maximum.at(least, self.order[there], self.least[there])
        value, units = self.of(quantity), np.zeros(len(least))
        np.add.at(units, self.order[there], np.where(np.isfinite(self.unit_cost), quantity, 0.0)[there])
        small = (units > 0) & (value < least - _SLACK * np.maximum(least, 1.0))
        return [np.flatnonzero(self.order == number) for number in np.flatnonzero(small)]

    def taken(self, quantity: Floats) -> Floats:
        """What is left of the orders where those that are worth too little are not taken, units, [N]."""
        found = np.array(quantity, dtype=np.float64)
        for lines in self.too_little(found):
            found[lines] = 0.0
        return found
