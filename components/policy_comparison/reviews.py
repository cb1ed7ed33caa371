"""What policies know at the reviews of a period, and the period as they live through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from components.policy_comparison import closed_loop
from components.policy_comparison.closed_loop import Levels
from components.policy_comparison.held_out import HeldOut, lay_out
from components.policy_comparison.predicting import index_of
from contracts.arrays import Arrays, Floats
from contracts.policies import BASE_STOCK, FORECAST_PLAN, INCUMBENT, MODEL, Planned
from inventory.forecast_plan import Forecast
from inventory.paths import path_scores
from inventory.simulation import Trajectory

QUANTILES, INCUMBENT_QUANTILES = "quantiles", "incumbent_quantiles"


def largest(policy: str) -> str:
    """Name of the largest orders of a model's policy, beside its levels."""
    return f"{policy}_largest"


@dataclass(frozen=True)
class Paths:
    """How demand paths are drawn: the levels of the quantiles, and the periods' joint scores [S, H]."""

    levels: Sequence[float]
    scores: Floats

    @classmethod
    def of(cls, levels: Sequence[float], correlation: Sequence[float], horizon: int) -> Paths:
        """Args: correlation: of periods by how far they lie apart; empty: none."""
        return cls(levels, path_scores(correlation, horizon))


@dataclass(frozen=True)
class Reviews:
    """A period of reviews.

    Attributes:
        held: the series that have a window at every review.
        asked: what the models said at each review, by name: levels in units [N, reviews], quantiles in units
            [N, reviews, H, Q].
        paths: how demand paths follow from quantiles.
        review_period: R, of series that may be ordered on any day.
    """

    held: HeldOut
    asked: Arrays
    paths: Paths
    review_period: int

    @classmethod
    def of(
        cls,
        rows: pa.Table,
        asked: Arrays,
        paths: Paths,
        period_days: int,
        review_period: int | None = None,
    ) -> Reviews:
        """Args: as of ``join_reviews``, with ``review_period`` and all that it has of levels and quantiles.

        review_period: R; None: that of the windows, where it is the same for all.
        """
        names = [
            name
            for name in (
                *(MODEL, BASE_STOCK, INCUMBENT, QUANTILES, INCUMBENT_QUANTILES),
                *map(largest, (MODEL, INCUMBENT)),
            )
            if name in asked
        ]
        review_period = review_period or int(asked["review_period"][0, 0])
        held, found = join_reviews(rows, asked, names, review_period, period_days)
        return cls(held, found, paths, review_period)

    def run(self, planning: Planned) -> dict[str, Trajectory]:
        """Every policy through the period, and the incumbent by the policy that plans, where there is one."""
        levels = {MODEL: self.levels(MODEL), BASE_STOCK: self.levels(BASE_STOCK)}
        forecasts = {FORECAST_PLAN: self.forecasts()}
        if INCUMBENT_QUANTILES in self.asked and planning == FORECAST_PLAN:
            forecasts[INCUMBENT] = self.forecasts(INCUMBENT_QUANTILES)
        elif INCUMBENT in self.asked:
            levels[INCUMBENT] = self.levels(INCUMBENT if planning == MODEL else BASE_STOCK)
        return closed_loop.run_policies(self.held, levels, self.review_period, forecasts)

    def levels(self, policy: str) -> Levels:
        """The order-up-to levels and largest orders of each review."""
        return Levels(self.asked[policy], self.asked.get(largest(policy), np.array(np.inf)))

    def costs(self, runs: Mapping[str, Trajectory]) -> dict[str, Floats]:
        """As ``closed_loop.costs_by_series``."""
        base_stock = self.asked[BASE_STOCK][:, 0]
        return closed_loop.costs_by_series(self.held, runs, base_stock, self.review_period)

    def forecasts(self, name: str = QUANTILES) -> list[Forecast]:
        """The demand forecast of each review."""
        quantiles = self.asked[name]
        return [
            Forecast(self.paths.levels, quantiles[:, review], self.paths.scores)
            for review in range(quantiles.shape[1])
        ]


def join_reviews(
    rows: pa.Table, reviews: Arrays, names: Sequence[str], review_period: int, period_days: int
) -> tuple[HeldOut, Arrays]:
    """The series that have a window at each of their reviews, and what was said of them there.

    Args:
        rows: of the period, as ``lay_out`` takes them.
        reviews: store_id, product_id and origin of each window, [N, 1], and the named arrays, [N, ...].
        names: of those that are laid out, ``base_stock`` among them.
        review_period: R.
        period_days: 1 or 7.

    Returns:
        The series, and by name [series, reviews, ...]; where an array has one value a window, [series, reviews]. At a
        review that is not its own a series has the levels of the one before.
    """
    origins = np.unique(reviews["origin"])
    periods = int((rows["date"].to_numpy().max() - origins[0]) // period_days)
    order = [("store_id", "ascending"), ("product_id", "ascending"), ("date", "ascending")]
    held = lay_out(rows.sort_by(order), int(origins[0]), periods, review_period, period_days)
    asked = (origins - origins[0]) // period_days - 1
    held = replace(held, reviews=tuple(asked.tolist()))
    series = index_of(reviews["store_id"][:, 0], reviews["product_id"][:, 0], held.store_id, held.product_id)
    column = np.searchsorted(origins, reviews["origin"][:, 0])
    matched = series >= 0
    own = closed_loop.schedule_of(held, review_period).own
    own = own | (np.arange(own.shape[1]) == 0)
    before = np.maximum.accumulate(np.where(own, np.arange(own.shape[1]), 0), axis=1)
    found = {}
    for name in names:
        values = reviews[name]
        laid = np.full((len(held), len(origins), *values.shape[1:]), np.nan)
        laid[series[matched], column[matched]] = values[matched]
        # Quantiles are asked for by those alone that are reviewed.
        found[name] = np.take_along_axis(laid[..., 0], before, axis=1) if values.ndim == 2 else laid
    complete = np.isfinite(found[BASE_STOCK]).all(axis=1)
    return held.chosen(complete), {name: values[complete] for name, values in found.items()}
