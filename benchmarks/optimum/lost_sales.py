"""The least average cost of a single item with lost sales, and the orders that reach it, by dynamic programming.

The instances are those of Zipkin (2008), Old and new methods for lost-sales inventory systems, Operations Research 56:
one order a period, demand of mean 5, Poisson or geometric, holding 1 a unit and period.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom, poisson

from contracts.arrays import Floats, Integers
from inventory.simulation import Review

MEAN = 5
HOLDING = 1.0
LAWS = ("poisson", "geometric")
SHORTAGES = (4.0, 9.0, 19.0, 39.0)
LEAD_TIMES = (1, 2, 3, 4)
_TAIL = 1e-7
_TOLERANCE = 2e-5
_MOST_STEPS = 3000


@dataclass(frozen=True)
class Instance:
    """One item.

    Attributes:
        law: of demand, one of ``LAWS``.
        shortage: money a unit not served.
        lead_time: L; an order at the end of a period is on the shelf at the start of the (L+1)-th period after it.
    """

    law: str
    shortage: float
    lead_time: int

    @property
    def name(self) -> str:
        """Of the product that stands for it."""
        return f"{self.law}-{self.shortage:g}-{self.lead_time}"

    def chances(self) -> Floats:
        """Of 0, 1, ... units a period; what lies beyond is the last one's."""
        law = poisson(MEAN) if self.law == "poisson" else nbinom(1, 1 / (1 + MEAN))
        most = int(law.isf(_TAIL))
        found = np.asarray(law.pmf(np.arange(most + 1)))
        found[-1] += law.sf(most)
        return found

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Demand, units."""
        found = (
            rng.poisson(MEAN, shape) if self.law == "poisson" else rng.geometric(1 / (1 + MEAN), shape) - 1
        )
        return found.astype(np.float64)


INSTANCES = tuple(Instance(*which) for which in itertools.product(LAWS, SHORTAGES, LEAD_TIMES))
"""All 32 of them."""


@dataclass(frozen=True)
class Optimum:
    """The best policy of an instance, as a policy of ``inventory.simulation``.

    Attributes:
        cost: money a period.
        orders: units by what will be on the shelf in the next period, and what arrives in each of the L - 1 after it.
    """

    cost: float
    orders: Integers

    def need(self, review: Review) -> Floats:
        """Units to order, [N]."""
        lead = self.orders.ndim
        # Beyond the least order of the periods before nothing is on its way, which the simulation may leave out.
        coming = np.zeros((len(review.on_hand), lead))
        known = review.arriving[:, :lead]
        coming[:, : known.shape[1]] = known
        coming[:, 0] += review.on_hand
        index = np.minimum(coming.astype(np.int64), np.array(self.orders.shape) - 1)
        return np.asarray(self.orders[tuple(index.T)], dtype=np.float64)


def optimum(instance: Instance) -> Optimum:
    """Least cost and best orders, by relative value iteration over whole units.

    At a review all that matters is what will be on the shelf in the next period, x, and what arrives in each of the
    L - 1 after it. An order q turns (x, a_1, ..., a_{L-1}) into (max(x - d, 0) + a_1, a_2, ..., q), d the demand; with
    L = 1 it is q itself that is added. The cost of a period lies between the least and the greatest change of a value
    in a step (Odoni 1969, On finding the maximal gain for Markov decision processes, Operations Research 17).

    Raises:
        ValueError: there is no lead time.
    """
    if instance.lead_time < 1:
        raise ValueError("without a lead time it is the newsvendor's problem")
    chances = instance.chances()
    demand = np.arange(len(chances))
    ratio = instance.shortage / (instance.shortage + HOLDING)
    # No order need be larger than nearly any demand of a period, nor the shelf fuller than twice that.
    most = int(np.searchsorted(np.cumsum(chances), 1 - (1 - ratio) / 4)) + 1
    shelf = 2 * most
    x = np.arange(shelf + 1)
    left = np.maximum(x[:, None] - demand, 0)
    short = np.maximum(demand - x[:, None], 0)
    of_period = ((HOLDING * left + instance.shortage * short) * chances).sum(axis=1)
    # Chance of what is left of x.
    becomes = np.zeros((shelf + 1, shelf + 1))
    for units, chance in zip(demand, chances, strict=True):
        np.add.at(becomes, (x, np.maximum(x - units, 0)), chance)
    # What is on the shelf of a period by what is left (rows) and what arrives (columns).
    there = np.minimum(x[:, None] + np.arange(most + 1), shelf)
    others = instance.lead_time - 1
    of_period = of_period.reshape(-1, *[1] * others)
    value, lowest, highest = np.zeros((shelf + 1, *[most + 1] * others)), 0.0, np.inf
    for _ in range(_MOST_STEPS):
        # Axes: what is left, what arrives next, ..., and last the order.
        arriving = value[there]
        ahead = (becomes @ arriving.reshape(shelf + 1, -1)).reshape(arriving.shape)
        new = of_period + ahead.min(axis=-1)
        step = new - value
        lowest, highest = float(step.min()), float(step.max())
        value = new - new.flat[0]
        if highest - lowest < _TOLERANCE * highest:
            break
    return Optimum((lowest + highest) / 2, ahead.argmin(axis=-1))
