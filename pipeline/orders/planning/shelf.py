"""What the shelf asks of a plan's orders: what is to lie on it for looks, its room, and how long units keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.arrays import Flags, Floats, Texts
from inventory.shelf.capacity import stock_on_arrival, within_capacity
from inventory.shelf.in_time import sold_in_time
from pipeline.orders.planning.position import Position

_SLACK = 1e-6


@dataclass(frozen=True)
class Shelf:
    """Of each series, [N], units.

    Attributes:
        kept: presentation stock; 0: none.
        capacity: what it holds; NaN: any.
        there: what is expected to lie on it when the order arrives, without it.
        life: periods in which a unit can be sold; NaN: it keeps for good.
        in_time: units of an order that are expected to be sold before they expire; infinite: it keeps for good.
        largest: the largest order that maximum and shelf allow; NaN: any.
        by_supplier: the largest that the maximum allows; NaN: any.
    """

    kept: Floats
    capacity: Floats
    there: Floats
    life: Floats
    in_time: Floats
    largest: Floats
    by_supplier: Floats

    @classmethod
    def of(cls, column: Mapping[str, Floats], mean: Floats, position: Position) -> Shelf:
        """The shelves of the scored series.

        Args:
            column: of the scored series, by name, each [N].
            mean: their demand, [N, H]; where it is not known, ``mean`` of the column stands in.
            position: theirs.
        """
        usual = np.nan_to_num(column["mean"] * column["open_share"])[:, None]
        sales, lead = np.where(np.isfinite(mean), mean, usual), column["lead_time"].astype(np.int64)
        there = stock_on_arrival(
            position.on_hand,
            position.arriving,
            sales,
            lead,
            column["shelf_life"],
            column["review_period"].astype(np.int64),
        )
        capacity, maximum = column["shelf_capacity"], column["maximum_order_quantity"]
        return cls(
            np.nan_to_num(column["presentation_stock"]),
            capacity,
            there,
            column["shelf_life"],
            sold_in_time(sales, lead, column["shelf_life"], there),
            within_capacity(maximum, capacity, there),
            maximum,
        )

    def words(self, need: Floats, by_forecast: Flags) -> Texts:
        """What each line has to say of its shelf; empty where it changes nothing.

        Args:
            need: units that would be ordered if they kept and the shelf held any, [N].
            by_forecast: whether waste was weighed in the cost, so that nothing is cut for it, [N].
        """
        late = ~by_forecast & (need > self.in_time + _SLACK)
        most = np.fmin(np.where(late, self.in_time, need), self.by_supplier)
        full = most > self.capacity - np.minimum(self.there, self.capacity) + _SLACK
        found = np.full(len(need), "", dtype=object)
        for i in np.flatnonzero(
            (self.kept > 0) | full | late | (by_forecast & np.isfinite(self.life) & (need > 0))
        ):
            parts = [f"with a presentation stock of {self.kept[i]:.10g}"] if self.kept[i] > 0 else []
            if late[i]:
                parts.append(
                    f"no more than is expected to be sold in its shelf life of {self.life[i]:.0f} periods, "
                    f"{round(self.in_time[i], 1):.10g}"
                )
            elif by_forecast[i] and np.isfinite(self.life[i]) and need[i] > 0:
                parts.append(f"for a shelf life of {self.life[i]:.0f} periods")
            if full[i]:
                parts.append(
                    f"no more than the shelf holds, {self.capacity[i]:.10g}, of which about "
                    f"{round(self.there[i], 1):.10g} are expected to be taken when it arrives"
                )
            found[i] = "; ".join(parts)
        return found
