"""Orders that follow from the demand forecast: of least expected cost along its paths, with lost sales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.arrays import Floats, Integers
from inventory.lost_sales import Cycle, least_cost_order
from inventory.paths import sample_paths
from inventory.simulation import Review

_CHUNK = 2048
"""Items whose paths are in memory at once."""


@dataclass(frozen=True)
class Terms:
    """On what terms items are ordered, each [N].

    Attributes:
        lead_time: whole periods.
        holding_cost: money a unit and period.
        shortage_cost: money a unit.
        pack_size, minimum, maximum: units, as of ``inventory.rounding.round_order``; a maximum may be NaN.
        kept: presentation stock, units; or one for all.
        shelf_life: whole periods, 1 or more, or one for all; NaN: for good.
        waste_cost: money a unit that expires; or one for all.
    """

    lead_time: NDArray[np.int64]
    holding_cost: Floats
    shortage_cost: Floats
    pack_size: Floats
    minimum: Floats
    maximum: Floats
    kept: ArrayLike = 0.0
    shelf_life: ArrayLike = np.nan
    waste_cost: ArrayLike = 0.0

    @classmethod
    def of_columns(cls, column: Mapping[str, Floats], **more: ArrayLike) -> Terms:
        """From columns of products, by name, each [N].

        Args:
            more: kept, shelf_life and waste_cost, where there are any.
        """
        return cls(
            column["lead_time"].astype(np.int64),
            column["holding_cost"],
            column["shortage_cost"],
            column["pack_size"],
            column["minimum_order_quantity"],
            column["maximum_order_quantity"],
            **more,
        )

    def of(self, items: NDArray[np.int64]) -> Terms:
        """The terms of some items."""
        every = self.lead_time.shape
        return Terms(*(np.broadcast_to(getattr(self, field.name), every)[items] for field in fields(self)))


@dataclass(frozen=True)
class Forecast:
    """What the demand model says of the coming periods of N items.

    Attributes:
        levels: of the quantiles, Q.
        quantiles: units, [N, H, Q].
        scores: how the periods' demand goes together (``inventory.paths.joint_scores``), [S, H].
    """

    levels: Sequence[float]
    quantiles: Floats
    scores: Floats

    def of(self, items: NDArray[np.int64]) -> Forecast:
        """What it says of some items."""
        return Forecast(self.levels, self.quantiles[items], self.scores)


@dataclass(frozen=True)
class Orders:
    """The orders of N items, units, each [N].

    Attributes:
        quantity: whole packs within minimum and maximum.
        wanted: the best quantity, were any allowed.
        demand: expected of the stock on hand, on its way and ordered: what is sold until the order arrives, which is
            never more than is there, and what is asked for from then until the next one arrives.
    """

    quantity: Floats
    wanted: Floats
    demand: Floats


def cycles(
    forecast: Forecast, on_hand: Floats, arriving: Floats, terms: Terms, review_period: Integers | int
) -> Iterator[tuple[Integers, Cycle]]:
    """Some items at a time, as many as fit into memory, which they are and what their cycles ask of an order.

    Args: as of ``forecast_orders``.
    """

    def paths(items: Integers, _: int) -> Floats:
        return sample_paths(forecast.levels, forecast.quantiles[items], forecast.scores)

    return cycles_along(paths, on_hand, arriving, terms, review_period)


def cycles_along(
    paths: Callable[[Integers, int], Floats],
    on_hand: Floats,
    arriving: Floats,
    terms: Terms,
    review_period: Integers | int,
) -> Iterator[tuple[Integers, Cycle]]:
    """The same along any demand.

    Args:
        paths: of some items, whose protection interval has so many periods, units, [n, S, H].
        on_hand, arriving, terms, review_period: as of ``forecast_orders``.
    """
    every = terms.lead_time.shape
    # Of what keeps for good 0 periods.
    life = np.nan_to_num(np.broadcast_to(np.asarray(terms.shelf_life, np.float64), every)).astype(np.int64)
    times = np.stack([terms.lead_time, np.broadcast_to(review_period, every), life])
    for lead, review, keeps in np.unique(times, axis=1).T:
        alike = np.flatnonzero((times == np.array([[lead], [review], [keeps]])).all(axis=0))
        # What expires is carried forward by age.
        size = max(_CHUNK // int(lead + review + 1), 1) if keeps else _CHUNK
        for begin in range(0, len(alike), size):
            items = alike[begin : begin + size]
            chosen = terms.of(items)
            yield (
                items,
                Cycle.of(
                    paths(items, int(lead + review)),
                    on_hand[items],
                    arriving[items],
                    int(lead),
                    int(review),
                    chosen.holding_cost,
                    chosen.shortage_cost,
                    chosen.kept,
                    int(keeps) or None,
                    chosen.waste_cost,
                ),
            )


def forecast_orders(
    forecast: Forecast, on_hand: Floats, arriving: Floats, terms: Terms, review_period: Integers | int
) -> Orders:
    """The order of each item that costs least in expectation over the periods that it serves.

    Args:
        forecast: of the coming periods.
        on_hand: units at the end of the period of the review, [N].
        arriving: units on their way, [N, K]: column k arrives at the start of the k-th coming period.
        terms: of the same items.
        review_period: R, periods, [N] or one for all.
    """
    count = len(on_hand)
    found = Orders(np.zeros(count), np.zeros(count), np.zeros(count))
    for items, cycle in cycles(forecast, on_hand, arriving, terms, review_period):
        chosen = terms.of(items)
        found.wanted[items] = cycle.best()
        found.quantity[items] = least_cost_order(cycle, chosen.pack_size, chosen.minimum, chosen.maximum)
        position = on_hand[items] + arriving[items].sum(axis=1)
        found.demand[items] = position + cycle.short[:, :, -1].mean(axis=1) - cycle.kept
    return found


class ForecastPlan:
    """Orders of ``forecast_orders`` at every review."""

    def __init__(self, forecasts: Sequence[Forecast], terms: Terms) -> None:
        """Args: forecasts: of the k-th review at k, all of the same items; it is asked for those reviewed then."""
        self._forecasts = forecasts
        self._terms = terms

    def need(self, review: Review) -> Floats:
        if review.number >= len(self._forecasts):
            raise ValueError(
                f"there are forecasts for {len(self._forecasts)} reviews, none for the one at the end of period "
                f"{review.period}"
            )
        count = len(review.on_hand)
        items = np.flatnonzero(np.broadcast_to(review.own, count))
        found = np.zeros(count)
        found[items] = forecast_orders(
            self._forecasts[review.number].of(items),
            review.on_hand[items],
            review.arriving[items],
            self._terms.of(items),
            np.broadcast_to(review.cycle, count)[items],
        ).quantity
        return found
