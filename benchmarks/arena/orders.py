"""What the orders cost that follow from a forecast by one rule, the same for every method.

The rule is the product's own for a forecast (``inventory.forecast_plan``): of least expected cost along paths of demand
with lost sales. The paths have the method's point forecast and the spread of its own errors before the origin. At each
review a method says anew what comes, from the sales since; it is not trained again. The periods count that an order can
still reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from benchmarks.arena.spread import Spread
from contracts.arrays import Floats
from inventory.forecast_plan import Forecast, ForecastPlan, Terms, forecast_orders
from inventory.paths import path_scores
from inventory.simulation import Review, Supply, simulate
from trainers.options import DemandOptions


@dataclass(frozen=True)
class Cost:
    """Money, of so many series and their units."""

    holding: float
    shortage: float
    series: int
    units: float

    @property
    def total(self) -> float:
        return self.holding + self.shortage


def implied(forecast: Floats, spread: Spread) -> Forecast:
    """Quantiles and joint scores of demand with a point forecast, [N, H], for its mean.

    Of a gamma distribution, since demand is not below 0 and skewed where it is small.
    """
    levels = DemandOptions().quantiles
    mean = np.maximum(forecast, spread.floor)[:, :, None]
    variance = spread.of(forecast)[:, :, None] ** 2
    quantiles = gammaincinv(mean**2 / variance, np.asarray(levels)) * variance / mean
    periods = forecast.shape[1]
    # The last reviews look less far.
    return Forecast(levels, quantiles, path_scores(spread.correlation[:periods], periods))


def closed_loop(
    demand: Floats, forecasts: Sequence[Forecast], recent: Floats, terms: Terms, review_period: int
) -> Cost:
    """The orders through the loop.

    Args:
        demand: units, [N, P].
        forecasts: of each review, the first at the origin; after the last of them nothing is ordered.
        recent: mean units a period before the origin, [N]: so many for each period until the first order arrives, and
            one more, are on the shelf.
        terms: of the items.
        review_period: R, the first review is at the origin.
    """
    periods = demand.shape[1]
    done = simulate(
        demand,
        _Reviews(forecasts, terms),
        Supply(terms.lead_time, terms.pack_size, terms.minimum, terms.maximum),
        review_period,
        initial_on_hand=np.round(recent * (terms.lead_time + 1)),
        first_review=-1,
    )
    reached = np.arange(periods)[None, :] >= terms.lead_time[:, None]
    holding = (terms.holding_cost[:, None] * done.on_hand * reached).sum()
    shortage = (terms.shortage_cost[:, None] * done.unserved * reached).sum()
    return Cost(float(holding), float(shortage), len(demand), float((demand * reached).sum()))


class _Reviews(ForecastPlan):
    """The forecast plan; later orders would come too late to matter."""

    def __init__(self, forecasts: Sequence[Forecast], terms: Terms) -> None:
        super().__init__(forecasts, terms)
        self._count = len(forecasts)

    def need(self, review: Review) -> Floats:
        return super().need(review) if review.number < self._count else np.zeros(len(review.on_hand))


def challenge(
    play: ModuleType, origin: str, ids: pd.Index, forecasts: Sequence[Forecast], terms: Terms
) -> Cost:
    """The same rule in the VN2 challenge's own game, of the periods and series that it counts.

    Args:
        play: play.py of the data's folder.
        origin: one of its dates.
        ids: (store_id, product_id) of the forecast's series, as play.py has them.
        forecasts: of each week with an order.
        terms: of the same series.
    """
    game = play.Game(play.load(), origin)
    place = ids.get_indexer(game.units.index)
    if (place < 0).any():
        raise ValueError(f"{(place < 0).sum()} series of the game have no forecast")
    mine, under = iter([forecast.of(place) for forecast in forecasts]), terms.of(place)

    def policy(_: pd.DataFrame, on_hand: Floats, first: Floats, second: Floats) -> Floats:
        return forecast_orders(next(mine), on_hand, np.stack([first, second], axis=1), under, 1).quantity

    holding, shortage = game.play(policy)
    return Cost(float(holding), float(shortage), len(place), float(game.ahead.iloc[:, 2:].to_numpy().sum()))
