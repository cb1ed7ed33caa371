"""Policies for the instances whose optimum is known, and what they cost along the same demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from benchmarks.optimum.lost_sales import HOLDING, Instance
from contracts.arrays import Floats
from inventory.lost_sales import Cycle, least_cost_order
from inventory.paths import independent_scores
from inventory.policies import OrderUpTo
from inventory.simulation import Policy, Review, Supply, simulate

WARM_UP = 100
"""Periods at the beginning that do not count: every policy begins with the same stock, good for it or not."""
BLOCK = 100
"""Periods whose costs are added up: blocks are hardly correlated, so that intervals can be drawn from them."""
_PATHS = 512
_MORE_LEVELS = 5
"""Levels of a capped base stock above the best one without a cap: a cap makes up for a higher level."""


class LeastCost:
    """The myopic order, of least expected cost over the period that it serves, as the product orders by a forecast.

    Its paths are of the true law, so that no forecast is at fault.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        scores = independent_scores(instance.lead_time + 1, _PATHS)
        # The inverse of the distribution: the first unit up to which so much of the probability lies.
        self._paths = np.searchsorted(np.cumsum(instance.chances()), ndtr(scores)).astype(np.float64)

    def need(self, review: Review) -> Floats:
        """Units to order, [N]."""
        count = len(review.on_hand)
        paths = np.broadcast_to(self._paths, (count, *self._paths.shape))
        ones = np.ones(count)
        lead, shortage = self._instance.lead_time, self._instance.shortage
        cycle = Cycle.of(paths, review.on_hand, review.arriving, lead, 1, HOLDING * ones, shortage * ones)
        return least_cost_order(cycle)


@dataclass(frozen=True)
class Trial:
    """An instance along some demand.

    Attributes:
        demand: units, [N, P]; P is the warm-up and whole blocks.
        on_hand: units at the end of the period before the first, of every series and policy.
    """

    instance: Instance
    demand: Floats
    on_hand: float

    def costs(self, policy: Policy, times: int = 1) -> Floats:
        """Money a period of each block of each series, [times, N * blocks].

        Args:
            policy: of N items, or with ``times`` of so many times N, all series with the first parameters first.
            times: how many policies it is.
        """
        demand = np.tile(self.demand, (times, 1))
        run = simulate(
            demand,
            policy,
            Supply(self.instance.lead_time),
            1,
            initial_on_hand=np.full(len(demand), self.on_hand),
            first_review=-1,
        )
        of_period = (HOLDING * run.on_hand + self.instance.shortage * run.unserved)[:, WARM_UP:]
        return np.asarray(of_period.reshape(times, -1, BLOCK).mean(axis=2))

    def best(self, levels: Floats, largest: Floats) -> tuple[int, Floats]:
        """The (capped) base stock that costs least along this demand: its index, and what it costs in each block.

        Args: levels, largest: units, [policies].
        """
        count = len(self.demand)
        policy = OrderUpTo(np.repeat(levels, count), np.repeat(largest, count))
        costs = self.costs(policy, len(levels))
        index = int(costs.mean(axis=1).argmin())
        return index, costs[index]

    def best_base_stock(self, most: int) -> tuple[float, Floats]:
        """The level that costs least, and its costs; it is looked for up to ``most`` units."""
        levels = np.arange(self.instance.lead_time, most + 1.0)
        index, costs = self.best(levels, np.full(len(levels), np.inf))
        return float(levels[index]), costs

    def best_capped(self, base_stock: float, most: int) -> tuple[tuple[float, float], Floats]:
        """The level and the largest order that cost least together, and their costs.

        They are looked for from the best base stock on, and up to orders of ``most`` units.
        """
        up_to, cap = (
            grid.ravel()
            for grid in np.meshgrid(base_stock + np.arange(_MORE_LEVELS), np.arange(1.0, most + 1))
        )
        index, costs = self.best(up_to, cap)
        return (float(up_to[index]), float(cap[index])), costs
