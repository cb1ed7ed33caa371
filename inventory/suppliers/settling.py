"""A policy whose orders are raised or wait where their suppliers would not take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contracts.arrays import Floats, Integers
from inventory.forecast_plan import Forecast, Terms
from inventory.rounding import round_order
from inventory.simulation import Policy, Review, Supply, whole_periods
from inventory.suppliers.minimum_value import LineCosts, settle_all


class Settling:
    """Orders as another policy, and what ``inventory.suppliers.minimum_value`` makes of those worth too little."""

    def __init__(self, policy: Policy, forecasts: Sequence[Forecast], terms: Terms, supply: Supply) -> None:
        """Args: forecasts: of the k-th review at k; supply: with what orders must be worth."""
        self._policy = policy
        self._forecasts = forecasts
        self._terms = terms
        self._supply = supply

    def need(self, review: Review) -> Floats:
        wanted, supply, terms = self._policy.need(review), self._supply, self._terms
        count = len(wanted)
        own, cycle = np.broadcast_to(review.own, count), np.broadcast_to(review.cycle, count)
        largest = supply.largest(review, whole_periods(supply.lead_time, count))
        most = np.broadcast_to(np.nan if largest is None else np.asarray(largest, np.float64), count)
        order, _ = round_order(np.where(own, wanted, 0.0), terms.pack_size, terms.minimum, most)
        if supply.worth is None:
            return order

        def costs_of(items: Integers) -> LineCosts:
            forecast = self._forecasts[review.number].of(items)
            return LineCosts(
                forecast, review.on_hand[items], review.arriving[items], terms.of(items), cycle[items]
            )

        bounds = terms.pack_size, terms.minimum, most
        for lines, settled in settle_all(
            supply.worth, order, np.array(own), costs_of, bounds, np.zeros(count)
        ):
            order[lines] = settled.quantity
        return order
