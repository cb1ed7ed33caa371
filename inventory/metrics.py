"""What a trajectory cost, and how well it served: the metrics that managers compare policies by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Texts
from inventory.simulation import Trajectory

DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class Money:
    """What each item costs: money per unit and period, per unit not served, and per unit; each [N].

    ``unit_cost`` is NaN where it is not known.
    """

    holding_cost: Floats
    shortage_cost: Floats
    unit_cost: Floats

    @property
    def waste_cost(self) -> Floats:
        """Per unit that expires, [N]; see ``cost_of_waste``."""
        return cost_of_waste(self.unit_cost, self.shortage_cost)


def cost_of_waste(unit_cost: Floats, shortage_cost: Floats) -> Floats:
    """Money a unit that expires, [N]: what it cost, or, where nobody knows, as much as one that is not served.

    Both are money of the same item, so that the ratio of the two risks of an order stays one of like things.
    """
    return np.where(np.isfinite(unit_cost), unit_cost, shortage_cost)


@dataclass(frozen=True)
class Costs:
    """Money over all periods, each [N]."""

    holding: Floats
    shortage: Floats
    waste: Floats

    @property
    def total(self) -> Floats:
        return self.holding + self.shortage + self.waste


def costs(trajectory: Trajectory, money: Money) -> Costs:
    """Holding cost of the stock left at each period's end, shortage cost of what was not served, and cost of waste."""
    wasted = trajectory.wasted
    return Costs(
        np.asarray(money.holding_cost * trajectory.on_hand.sum(axis=1)),
        np.asarray(money.shortage_cost * trajectory.unserved.sum(axis=1)),
        np.zeros(len(trajectory.sales)) if wasted is None else money.waste_cost * wasted.sum(axis=1),
    )


def metrics(
    trajectory: Trajectory,
    money: Money,
    review_period: int,
    period_days: int,
    chosen: ArrayLike | None = None,
) -> dict[str, float]:
    """Metrics over all items, or over the chosen ones.

    Args:
        trajectory: what a policy did.
        money: of its items.
        review_period: periods of a cycle, counted from the first period; a shorter rest at the end counts as one.
        period_days: 1 or 7.
        chosen: [N] of bool.

    Returns:
        ``total_cost``, ``holding_cost``, ``shortage_cost``, ``waste_cost`` (money);
        ``units_wasted``; ``fill_rate`` (share of the units demanded that
        were served); ``cycle_service_level`` (share of cycles of an item without a shortage); ``units_demanded``;
        ``units_ordered`` and ``orders`` (their number); ``average_stock_units`` (at a period's end);
        ``average_stock_value`` (money) and ``stock_turns`` (cost of the goods sold in a year over it), both over
        the items whose unit cost is known. NaN where there is nothing to divide by.
    """
    every = np.ones(len(trajectory.sales), dtype=bool) if chosen is None else np.asarray(chosen, dtype=bool)
    charged = costs(trajectory, money)
    sales, unserved = trajectory.sales[every], trajectory.unserved[every]
    demanded, periods = sales.sum() + unserved.sum(), sales.shape[1]
    starts = np.arange(0, periods, review_period)
    short = np.add.reduceat(unserved, starts, axis=1) > 0 if sales.size else np.zeros((0, 1), dtype=bool)
    orders = np.concatenate([trajectory.order_at_cutoff[every][:, None], trajectory.orders[every]], axis=1)
    priced = every & np.isfinite(money.unit_cost)
    value = float((trajectory.on_hand[priced].mean(axis=1) * money.unit_cost[priced]).sum())
    sold = float((trajectory.sales[priced].sum(axis=1) * money.unit_cost[priced]).sum())
    years = periods * period_days / DAYS_OF_YEAR
    any_priced = bool(priced.any())
    return {
        "total_cost": float(charged.total[every].sum()),
        "holding_cost": float(charged.holding[every].sum()),
        "shortage_cost": float(charged.shortage[every].sum()),
        "waste_cost": float(charged.waste[every].sum()),
        "units_wasted": 0.0 if trajectory.wasted is None else float(trajectory.wasted[every].sum()),
        "fill_rate": ratio(sales.sum(), demanded),
        "cycle_service_level": float(1 - short.mean()) if short.size else float("nan"),
        "units_demanded": float(demanded),
        "units_ordered": float(orders.sum()),
        "orders": float((orders > 0).sum()),
        "average_stock_units": float(trajectory.on_hand[every].mean(axis=1).sum()),
        "average_stock_value": value if any_priced else float("nan"),
        "stock_turns": sold / years / value if any_priced and value > 0 else float("nan"),
    }


def ratio(part: float, whole: float) -> float:
    """A part of a whole, NaN of nothing."""
    return float(part / whole) if whole else float("nan")


def metrics_by(
    trajectory: Trajectory,
    money: Money,
    review_period: int,
    period_days: int,
    groups: Mapping[str, Texts],
) -> dict[str, dict[str, float]]:
    """``metrics`` of every value of every grouping, by ``<grouping>=<value>``; groups are [N] of text."""
    return {
        f"{name}={value}": metrics(trajectory, money, review_period, period_days, labels == value)
        for name, labels in groups.items()
        for value in np.unique(labels)
    }
